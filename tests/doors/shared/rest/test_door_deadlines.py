"""Who is waited for how long, and what is said at the end."""

from tests.doors.shared.rest.client import Client, FakeFace, World, answers, header, request
from tests.doors.shared.rest.service import Service, bodies, echo

from dragoman.doors.shared.rest import door as module
from dragoman.doors.shared.rest.call import Response, Route

# --- deadlines ---


def test_a_head_that_trickles_in_is_timed_out(client: Client, service: Service) -> None:
    for byte in request("GET", "/echo/slow")[:10]:
        client.send(bytes([byte]))
        service.world.advance(module.HEAD_MS // 10)
    (answer,) = answers(client.take())
    assert answer.status == 408
    assert client.is_closed


def test_a_body_that_trickles_in_is_timed_out(client: Client, service: Service) -> None:
    client.send(request("POST", "/echo", headers=[("Content-Length", "100")]))
    for _ in range(32):
        client.send(b"x")
        service.world.advance(1_000)
    assert answers(client.take())[0].status == 408
    assert client.is_closed


def test_a_body_that_is_slow_but_steady_is_waited_for() -> None:
    world = World(FakeFace(Route("POST", "/", lambda call: Response(200))))
    client = world.connect()
    client.send(request("POST", "/", headers=[("Content-Length", "100000")]))
    for _ in range(50):
        client.send(bytes(2_000))
        world.advance(1_500)
    assert answers(client.take())[0].status == 200


def test_an_unused_connection_is_closed_without_a_word(client: Client, service: Service) -> None:
    client.ask("GET", "/echo/x")
    service.world.advance(module.IDLE_MS - 1)
    assert not client.is_closed
    client.ask("GET", "/echo/x")
    service.world.advance(module.IDLE_MS - 1)
    assert not client.is_closed
    service.world.advance(1)
    assert client.is_closed
    assert client.take() == b""


def test_where_time_was_moved_on_nobody_was_silent(client: Client, service: Service) -> None:
    client.ask("GET", "/echo/x")
    service.world.clock.now_ms += 10 * module.IDLE_MS
    service.world.broker.read_clock()
    client.door.receive(b"")
    service.world.advance(module.IDLE_MS - 1)
    assert not client.is_closed


def test_a_parked_request_is_no_unused_connection(client: Client, service: Service) -> None:
    service.wait_ms = None
    client.send(request("GET", "/wait"))
    service.world.advance(10 * module.IDLE_MS)
    assert not client.is_closed


def test_many_requests_leave_few_entries_in_the_timers(client: Client, service: Service) -> None:
    for _ in range(100):
        service.world.advance(1)
        client.ask("GET", "/echo/x")
    assert len(service.world.broker.timers._heap) < 5


# --- leaving ---


def test_leaving_answers_what_is_parked_and_what_is_behind_it(
    client: Client, service: Service
) -> None:
    client.send(request("GET", "/wait") + echo("b") + request("GET", "/wait"))
    client.door.shut("bye")
    client.shell.flush()
    got = answers(client.take())
    assert [answer.status for answer in got] == [204, 200, 204]
    assert [header(answer, b"connection") for answer in got] == [None, None, b"close"]
    assert client.is_closed


def test_leaving_closes_who_asks_nothing(client: Client) -> None:
    client.door.shut("bye")
    client.shell.flush()
    assert client.is_closed
    assert client.take() == b""


def test_leaving_waits_for_the_journal(client: Client, service: Service) -> None:
    service.world.commit.far = 0
    client.send(request("GET", "/durable"))
    client.door.shut("bye")
    client.shell.flush()
    assert not client.is_closed
    service.world.progress()
    assert bodies(client.take()) == [b"durable"]
    assert client.is_closed
