from typing import Any

from tests.doors.shared.rest.client import FakeFace, World
from tests.fakes.node import FakePeer

from dragoman.doors.shared.rest.call import Request, Response, Route
from dragoman.doors.shared.rest.routes import Table
from dragoman.doors.shared.rest.serving import serve


def broken(_: Any) -> Response:
    raise KeyError("planted")


def test_a_request_is_answered_by_its_handler_or_refused_by_its_face() -> None:
    world = World()
    session = world.connect().session
    face = FakeFace(Route("GET", "/a", lambda call: Response(204)), Route("GET", "/b", broken))
    table = Table([face])
    statuses = []
    for path in (b"/a", b"/b", b"/c"):
        request = Request("GET", path, [], b"")
        request.note = table.find(request)
        answer = serve(table, request, session, FakePeer())
        assert isinstance(answer, Response)
        statuses.append(answer.status)
    assert statuses == [204, 500, 404]
    assert [str(fault) for fault in world.faults] == ["'planted'"]
