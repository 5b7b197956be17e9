"""The services over gRPC of a whole broker."""

import asyncio

from tests.listeners.serving import serving

from dragoman.app.config import ServeOptions
from dragoman.app.services import make_services
from dragoman.doors.shared.grpc.table import Table


def test_no_two_services_have_one_path() -> None:
    async def run() -> Table:
        async with serving() as running:
            return Table(make_services(running.parts, ServeOptions()))

    assert asyncio.run(run()).find(b"/nobody") is None
