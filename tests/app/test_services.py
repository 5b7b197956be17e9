"""The services over gRPC of a whole broker."""

import asyncio
from collections.abc import Sequence

from tests.listeners.serving import serving

from dragoman.app.config import ServeOptions
from dragoman.app.services import make_services
from dragoman.doors.shared.grpc.call import Service
from dragoman.doors.shared.grpc.table import Table


def services() -> Sequence[Service]:
    async def run() -> Sequence[Service]:
        async with serving() as running:
            return make_services(running.parts, ServeOptions())

    return asyncio.run(run())


def test_no_two_services_have_one_path() -> None:
    assert Table(services()).find(b"/grpc.health.v1.Health/Check") is not None


def test_health_and_reflection_know_of_all() -> None:
    names = {service.name for service in services()}
    assert {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"} <= names
