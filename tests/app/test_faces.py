"""The services over HTTP of a whole broker."""

import asyncio

from tests.listeners.serving import serving

from dragoman.app.config import ServeOptions
from dragoman.app.faces import make_faces
from dragoman.doors.shared.rest.call import Face
from dragoman.doors.shared.rest.routes import Table


def faces(like: str = "") -> list[Face]:
    async def run() -> list[Face]:
        async with serving() as running:
            return list(make_faces(running.parts, ServeOptions(like=like)))

    return asyncio.run(run())


def test_no_two_services_answer_one_path_by_accident() -> None:
    made = faces("localstack")
    shared: dict[tuple[str, str], list[bool]] = {}
    for face in made:
        for route in face.routes():
            shared.setdefault((route.method, route.template), []).append(route.guard is not None)
    assert [where for where, guards in shared.items() if len(guards) > 1 and not all(guards)] == []
    assert ("GET", "/health/ready") in Table(made).templates()


def test_every_service_has_a_name_of_its_own() -> None:
    names = [face.name for face in faces("localstack")]
    assert len(set(names)) == len(names)


def test_habits_of_localstack_are_kept_where_they_are_asked_for() -> None:
    assert "localstack" not in {face.name for face in faces()}
    assert "localstack" in {face.name for face in faces("localstack")}
