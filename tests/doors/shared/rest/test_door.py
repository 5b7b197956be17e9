"""The HTTP door on a broker in memory: order, durability, parking, deadlines, bounds, leaving."""

from typing import Any

import pytest
from tests.doors.shared.rest.client import Client, FakeFace, answers, header, request
from tests.doors.shared.rest.service import Service, bodies, echo

from dragoman.doors.shared.rest import door as module
from dragoman.doors.shared.rest.call import Response
from dragoman.wire.http.response import CONTINUE

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
