"""A request that is served anew once what it asked for is known."""

from tests.doors.shared.rest.client import FakeFace, World, answers, request
from tests.fakes.node import ManualWorker, post

from dragoman.doors.shared.notyet import NotYet
from dragoman.doors.shared.rest.again import AGAIN_MS, Again
from dragoman.doors.shared.rest.call import Call, Parked, Response, Route
from dragoman.doors.shared.rest.late import Late
from dragoman.runtime.aside import Aside


def slow(call: Call) -> Response:
    call.session.act_as("ann")
    found = call.session.aside(b"key", lambda: b"known")
    if found is None:
        raise NotYet
    return Response(200, bytes(str(found), "ascii"))


def test_it_is_answered_once_it_is_known_and_what_is_behind_it_waits() -> None:
    world = World(FakeFace(Route("GET", "/slow", slow), Route("GET", "/", lambda _: Response(204))))
    worker = ManualWorker()
    world.broker.aside = Aside(lambda: worker, post, world.broker.tell_soon)
    client = world.connect()
    client.send(request("GET", "/slow") + request("GET", "/"))
    assert client.take() == b""
    worker.close()
    world.run()
    assert [answer.status for answer in answers(client.take())] == [200, 204]


def test_what_is_never_known_is_busy() -> None:
    world = World(FakeFace(Route("GET", "/slow", slow)))
    world.broker.aside = Aside(ManualWorker, post, world.broker.tell_soon)
    client = world.connect()
    client.send(request("GET", "/slow"))
    world.advance(AGAIN_MS)
    assert [answer.status for answer in answers(client.take())] == [503]


def test_a_handler_that_parks_then_stands_behind_it() -> None:
    answer = Response(401)
    is_known = False

    def serve() -> Parked:
        if not is_known:
            raise NotYet
        return Late(answer, 400)

    again: Parked = Again(serve, 100)
    assert (again.progressed(), again.deadline_ms) == (None, 100 + AGAIN_MS)
    is_known = True
    assert (again.progressed(), again.deadline_ms) == (None, 400)
    assert again.progressed() is None
    again.abandon()
    assert again.expire() is answer
