"""The services over HTTP of a whole broker."""

from typing import Any

from dragoman.app.config import ServeOptions
from dragoman.app.faces import make_faces
from dragoman.doors.shared.rest.routes import Table


def test_no_two_services_answer_one_path_by_accident() -> None:
    parts: Any = None  # asked for nothing yet
    faces = make_faces(parts, ServeOptions())
    shared: dict[tuple[str, str], list[bool]] = {}
    for face in faces:
        for route in face.routes():
            shared.setdefault((route.method, route.template), []).append(route.guard is not None)
    assert [where for where, guards in shared.items() if len(guards) > 1 and not all(guards)] == []
    assert ("GET", "/health/ready") in Table(faces).templates()
