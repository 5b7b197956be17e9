"""The services over HTTP of a whole broker."""

import asyncio

from tests.listeners.serving import serving

from dragoman.app.config import ServeOptions
from dragoman.app.faces import make_faces
from dragoman.doors.shared.rest.call import Face
from dragoman.doors.shared.rest.routes import Table


def faces() -> list[Face]:
    async def run() -> list[Face]:
        async with serving() as running:
            return list(make_faces(running.parts, ServeOptions()))

    return asyncio.run(run())


def test_no_two_services_answer_one_path_by_accident() -> None:
    made = faces()
    shared: dict[tuple[str, str], list[bool]] = {}
    for face in made:
        for route in face.routes():
            shared.setdefault((route.method, route.template), []).append(route.guard is not None)
    assert [where for where, guards in shared.items() if len(guards) > 1 and not all(guards)] == []
    assert ("GET", "/health/ready") in Table(made).templates()


def test_every_service_has_a_name_of_its_own() -> None:
    names = [face.name for face in faces()]
    assert len(set(names)) == len(names)
