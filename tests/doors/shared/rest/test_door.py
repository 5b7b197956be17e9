"""The HTTP door on a broker in memory: order, durability, parking, deadlines, bounds, leaving."""

from typing import Any

import pytest
from tests.doors.shared.rest.client import Client, FakeFace, World, answers, header, request

from dragoman.doors.shared.rest import door as module
from dragoman.doors.shared.rest.call import Call, Response, Route
from dragoman.kernel.api import Address, Consume, DeclareQueue, DeleteQueue, Delivery, Publish
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.wire.http.response import CONTINUE


class Waiting:
    """Parked until the test says so."""

    def __init__(self, deadline_ms: int | None = None) -> None:
        self.deadline_ms = deadline_ms
        self.answer: Response | None = None
        self.is_abandoned = False
        self.got: list[Delivery] = []

    def deliver(self, deliveries: list[Delivery]) -> Response | None:
        self.got += deliveries
        return self.answer

    def progressed(self) -> Response | None:
        return self.answer

    def answered(self, ticket: int, result: object) -> Response | None:
        return Response(200, str(result).encode())

    def expire(self) -> Response:
        return Response(204)

    def abandon(self) -> None:
        self.is_abandoned = True


class Service:
    """Routes that do what tests need."""

    def __init__(self) -> None:
        self.parked: list[Waiting] = []
        self.calls: list[Call] = []
        self.position = 0
        self.wait_ms: int | None = 1_000
        self.world = World(
            FakeFace(
                Route("GET", "/echo/{word}", self.echo),
                Route("POST", "/echo", self.body, body_bytes_max=100),
                Route("GET", "/durable", self.durable),
                Route("GET", "/wait", self.wait),
                Route("GET", "/receive", self.receive),
                Route("GET", "/bad", self.bad),
                Route("GET", "/broken", self.broken),
                Route("GET", "/large", lambda call: Response(200, bytes(600_000))),
            )
        )

    def connect(self) -> Client:
        return self.world.connect()

    def echo(self, call: Call) -> Response:
        self.calls.append(call)
        return Response(200, call.parameters["word"].encode())

    def body(self, call: Call) -> Response:
        return Response(201, call.request.body, ((b"x-length", b"%d" % len(call.request.body)),))

    def durable(self, call: Call) -> Response:
        self.position += 1
        return Response(200, b"durable").after(self.position, SYNCED)

    def wait(self, call: Call) -> Waiting:
        until = None if self.wait_ms is None else call.session.elapsed_ms() + self.wait_ms
        self.parked.append(Waiting(until))
        return self.parked[-1]

    def receive(self, call: Call) -> Waiting:
        parked = self.wait(call)
        call.session.submit(Consume(name="q", tag=parked, credit_max=10, lease_duration_ms=60_000))
        return parked

    def bad(self, call: Call) -> Response:
        raise ValueError("nonsense")

    def broken(self, call: Call) -> Response:
        raise KeyError("planted")


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def client(service: Service) -> Client:
    return service.connect()


def bodies(data: bytes) -> list[bytes]:
    return [answer.body for answer in answers(data)]


def echo(word: str) -> bytes:
    return request("GET", f"/echo/{word}")


# --- requests and answers ---


def test_a_request_is_answered(client: Client) -> None:
    answer = client.ask("GET", "/echo/hi")
    assert (answer.status, answer.body) == (200, b"hi")
    assert header(answer, b"date") is not None
    assert not client.is_closed


def test_a_body_reaches_its_handler_and_headers_come_back(client: Client) -> None:
    answer = client.ask("POST", "/echo", b"hello")
    assert (answer.status, answer.body) == (201, b"hello")
    assert header(answer, b"x-length") == b"5"


def test_head_is_answered_as_get_without_its_body(client: Client) -> None:
    answer = client.ask("HEAD", "/echo/hello")
    assert (answer.status, answer.body) == (200, b"")
    assert header(answer, b"content-length") == b"5"


def test_requests_sent_ahead_are_answered_in_order(client: Client) -> None:
    client.send(echo("a") + echo("b") + request("GET", "/nothing") + echo("c"))
    got = answers(client.take())
    assert [answer.status for answer in got] == [200, 200, 404, 200]
    assert got[3].body == b"c"


def test_one_that_closes_is_the_last(client: Client) -> None:
    client.send(request("GET", "/echo/a", headers=[("Connection", "close")]) + echo("b"))
    (answer,) = answers(client.take())
    assert header(answer, b"connection") == b"close"
    assert client.is_closed


def test_http_1_0_is_told_when_its_connection_is_kept(client: Client) -> None:
    client.send(b"GET /echo/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    (answer,) = answers(client.take())
    assert header(answer, b"connection") == b"keep-alive"
    client.send(b"GET /echo/a HTTP/1.0\r\n\r\n")
    (answer,) = answers(client.take())
    assert header(answer, b"connection") == b"close"
    assert client.is_closed


def test_a_handlers_error_is_said_by_its_face(client: Client, service: Service) -> None:
    answer = client.ask("GET", "/bad")
    assert (answer.status, answer.body) == (400, b"ValueError: nonsense")
    assert service.world.faults == []


def test_a_fault_of_ours_is_answered_and_told_to_the_operator(
    client: Client, service: Service
) -> None:
    answer = client.ask("GET", "/broken")
    assert answer.status == 500
    assert [str(fault) for fault in service.world.faults] == ["'planted'"]
    assert client.ask("GET", "/echo/on").body == b"on"


def test_a_face_that_fails_to_refuse_is_answered_for(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Response:
        raise TypeError("worse")

    monkeypatch.setattr(FakeFace, "refuse", refuse)
    assert client.ask("GET", "/bad").status == 500
    assert [str(fault) for fault in service.world.faults] == ["worse"]


# --- what breaks the rules ---


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (request("POST", "/echo", headers=[("Content-Length", "101")]), 413),
        (request("POST", "/echo", b"x", headers=[("Expect", "magic")]), 417),
        (b"GET / HTTP/3.0\r\nHost: h\r\n\r\n", 505),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414),
        (request("GET", "/", headers=[("X", "y")] * 200), 431),
    ],
)
def test_what_is_refused_has_its_status_and_ends_the_connection(
    client: Client, data: bytes, status: int
) -> None:
    client.send(echo("before") + data)
    before, refused = answers(client.take())
    assert before.body == b"before"
    assert refused.status == status
    assert header(refused, b"connection") == b"close"
    assert header(refused, b"content-type") == b"application/problem+json"
    client.send(bytes(101))
    assert client.is_closed
    assert client.take() == b""


def test_a_refused_body_is_let_run_out_before_the_connection_ends(
    client: Client, service: Service
) -> None:
    client.send(request("POST", "/echo", headers=[("Content-Length", "500")]))
    assert answers(client.take())[0].status == 413
    assert not client.is_closed
    client.send(bytes(499))
    assert not client.is_closed
    client.send(bytes(1))
    assert client.is_closed


def test_a_refused_body_is_not_waited_for_for_ever(client: Client, service: Service) -> None:
    client.send(request("POST", "/echo", headers=[("Transfer-Encoding", "chunked")]))
    client.send(b"fff\r\n" + bytes(200))
    assert answers(client.take())[0].status == 413
    assert not client.is_closed
    service.world.advance(module.LINGER_MS)
    assert client.is_closed


def test_a_path_of_nobody_is_404_whatever_its_body(client: Client) -> None:
    answer = client.ask("POST", "/nothing", bytes(10_000))
    assert answer.status == 404


# --- Expect ---


def test_who_asks_to_go_on_is_told_so(client: Client) -> None:
    asks = request("POST", "/echo", headers=[("Expect", "100-continue"), ("Content-Length", "2")])
    client.send(asks)
    assert client.take() == CONTINUE
    client.send(b"hi")
    assert bodies(client.take()) == [b"hi"]


def test_it_is_told_behind_the_answers_before_it(client: Client, service: Service) -> None:
    asks = request("POST", "/echo", headers=[("Expect", "100-continue"), ("Content-Length", "2")])
    client.send(request("GET", "/wait") + asks)
    assert client.take() == b""
    service.world.advance(1_000)
    assert client.take().endswith(b"\r\n\r\n" + CONTINUE)


def test_who_is_refused_is_not_told_to_go_on(client: Client) -> None:
    client.send(
        request("POST", "/echo", headers=[("Expect", "100-continue"), ("Content-Length", "200")])
    )
    assert answers(client.take())[0].status == 413


# --- durability ---


def test_an_answer_waits_for_the_journal_and_others_behind_it_wait_too(
    client: Client, service: Service
) -> None:
    service.world.commit.far = 0
    client.send(request("GET", "/durable") + echo("behind"))
    assert client.take() == b""
    service.world.progress()
    assert bodies(client.take()) == [b"durable", b"behind"]


def test_nobody_waits_for_the_journal_of_others(client: Client, service: Service) -> None:
    service.world.commit.far = 0
    client.send(request("GET", "/durable"))
    assert service.connect().ask("GET", "/echo/x").body == b"x"


# --- parked ---


def test_a_parked_request_is_answered_at_its_deadline(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    service.world.advance(999)
    assert client.take() == b""
    service.world.advance(1)
    assert answers(client.take())[0].status == 204


def test_requests_behind_a_parked_one_wait_for_it(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait") + echo("b"))
    client.send(echo("c"))
    assert service.calls == []
    service.world.advance(1_000)
    assert bodies(client.take()) == [b"", b"b", b"c"]


def test_a_tickets_answer_reaches_the_parked_request(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.door.answered(7, "done")
    service.world.broker.touch(client.session)
    service.world.run()
    assert bodies(client.take()) == [b"done"]


def test_progress_asks_the_parked_request(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.door.progressed()
    service.parked[0].answer = Response(200, b"moved")
    client.door.progressed()
    service.world.broker.touch(client.session)
    service.world.run()
    assert bodies(client.take()) == [b"moved"]


def test_who_hangs_up_abandons_what_is_parked(client: Client, service: Service) -> None:
    client.send(request("GET", "/wait"))
    client.close()
    assert service.parked[0].is_abandoned


def test_a_parked_request_that_fails_is_answered_and_abandoned(
    client: Client, service: Service
) -> None:
    def fails(*_: Any) -> Response:
        raise KeyError("planted")

    client.send(request("GET", "/wait"))
    parked: Any = service.parked[0]
    parked.progressed = fails
    client.door.progressed()
    service.world.broker.touch(client.session)
    service.world.run()
    assert answers(client.take())[0].status == 500
    assert service.parked[0].is_abandoned
    assert len(service.world.faults) == 1


# --- deliveries ---


@pytest.fixture
def queue(service: Service) -> Client:
    other = service.connect()
    other.session.submit(DeclareQueue(name="q"))
    return other


def publish(client: Client, *texts: bytes) -> None:
    client.session.publish(Publish("default", Address("q"), CANONICAL, list(texts)))
    client.world.run()


def test_all_that_a_turn_hands_out_reaches_the_parked_request_at_once(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))
    service.parked[0].answer = Response(200, b"got")
    publish(queue, b"a", b"b")
    assert bodies(client.take()) == [b"got"]
    assert sum(delivery.end - delivery.start for delivery in service.parked[0].got) == 2


def test_what_comes_too_late_for_its_request_is_given_back(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))  # and its consumer is never cancelled
    service.world.advance(1_000)
    assert answers(client.take())[0].status == 204
    publish(queue, b"a")
    client.close()
    other = service.connect()
    other.send(request("GET", "/receive"))
    assert len(service.parked[1].got) == 1


def test_a_queue_that_goes_away_wakes_who_waits_for_it(
    client: Client, service: Service, queue: Client
) -> None:
    client.send(request("GET", "/receive"))
    service.parked[0].answer = Response(410)
    queue.session.submit(DeleteQueue(name="q"))
    service.world.run()
    assert answers(client.take())[0].status == 410


# --- bounds ---


def test_reading_stops_when_much_waits_behind_a_parked_request(
    client: Client, service: Service
) -> None:
    client.send(request("GET", "/wait") + echo("x") * module.BEHIND_MAX)
    assert client.shell.is_reading
    client.send(echo("x"))
    assert not client.shell.is_reading
    service.world.advance(1_000)
    assert client.shell.is_reading
    assert len(answers(client.take())) == module.BEHIND_MAX + 2


def test_a_peer_that_takes_no_answers_is_served_no_more_until_it_does(
    client: Client, service: Service
) -> None:
    client.shell.takes = False
    client.send(request("GET", "/large") * 5)
    client.shell.takes = True
    service.world.broker.touch(client.session)
    service.world.run()
    assert len(answers(client.take())) == 2
    service.world.advance(0)
    service.world.advance(0)
    service.world.advance(0)
    assert len(answers(client.take())) == 3


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
