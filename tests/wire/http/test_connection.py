"""One server connection: whole, byte by byte, with a tail, pipelined; what it refuses, and h11 as a second opinion."""

from typing import Any

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.http.connection import (
    BODY,
    HEAD,
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    IDLE,
    TARGET_BYTES_MAX,
    HttpConnection,
)
from dragoman.wire.http.request import Request

POST = b"POST /q?a=1 HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\nT: 1\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def connection(body_bytes_max: int = 1_000_000) -> HttpConnection:
    return HttpConnection(lambda request: body_bytes_max)


def fed(data: bytes, step: int, of: HttpConnection) -> list[Request]:
    got: list[Request] = []
    for at in range(0, len(data), step):
        got += of.receive(data[at : at + step])
    return got


def told(requests: list[Request]) -> list[tuple[Any, ...]]:
    return [(r.method, r.target, tuple(r.headers), r.body, r.is_old, r.is_last) for r in requests]


def status(data: bytes, body_bytes_max: int = 1_000_000, step: int = 0) -> int:
    """Of the failure that `data` meets; 0 none."""
    wire = connection(body_bytes_max)
    fed(data, step or len(data), wire)
    return wire.failure.status if wire.failure else 0


def test_a_request_comes_out_as_it_was_sent() -> None:
    (request,) = connection().receive(POST)
    assert request.method == "POST"
    assert (request.target, request.path, request.query) == (b"/q?a=1", b"/q", b"a=1")
    assert request.headers == [(b"host", b"here"), (b"content-length", b"5")]
    assert request.body == b"hello"
    assert not request.is_last
    assert not request.is_old


def test_chunks_are_joined_and_trailers_dropped() -> None:
    (request,) = connection().receive(CHUNKS)
    assert request.body == b"hello"
    assert request.header(b"t") is None


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_pieces_make_no_difference(step: int) -> None:
    data = b"\r\n" + POST + CHUNKS + GET + POST
    assert told(fed(data, step, connection())) == told(connection().receive(data))
    assert len(fed(data, step, connection())) == 4


def test_a_tail_waits_for_the_rest_of_its_request() -> None:
    wire = connection()
    assert len(wire.receive(POST + GET[:10])) == 1
    assert wire.stage == HEAD
    assert len(wire.receive(GET[10:])) == 1
    assert wire.stage == IDLE


def test_the_stage_says_what_is_waited_for() -> None:
    wire = connection()
    assert wire.stage == IDLE
    wire.receive(b"P")
    assert wire.stage == HEAD
    wire.receive(POST[1:-2])
    assert wire.stage == BODY
    assert wire.body_received_bytes() == 3
    assert len(wire.receive(b"lo")) == 1
    assert wire.stage == IDLE


def test_bytes_after_a_failure_are_nobodys() -> None:
    wire = connection()
    assert wire.receive(b"\0" + POST) == []
    assert wire.receive(POST) == []
    assert wire.failure is not None


def test_requests_before_a_failure_are_served() -> None:
    wire = connection()
    assert len(wire.receive(GET + POST + b"\0")) == 2
    assert wire.failure is not None


def test_a_fault_of_ours_is_not_taken_for_the_peers() -> None:
    def raises(request: Request) -> int:
        raise KeyError("planted")

    with pytest.raises(KeyError, match="planted"):
        HttpConnection(raises).receive(GET)


# --- what two readers could read differently ---

H = b"Host: h\r\n"
LINE = b"POST / HTTP/1.1\r\n"
CODED = LINE + H + b"Transfer-Encoding: chunked\r\n\r\n"
HOSTILE = {
    "length and coding": LINE
    + H
    + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": LINE
    + H
    + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": LINE + H + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "one length twice": LINE + H + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "a list of lengths": LINE + H + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": LINE + H + b"Content-Length: +3\r\n\r\nabc",
    "a negative length": LINE + H + b"Content-Length: -3\r\n\r\nabc",
    "a length in hexadecimal": LINE + H + b"Content-Length: 0x3\r\n\r\nabc",
    "an empty length": LINE + H + b"Content-Length:\r\n\r\nabc",
    "a length past 64 bits": LINE + H + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a folded header": LINE + H + b"X: a\r\n b\r\n\r\n",
    "a space before the first header": LINE + b" X: a\r\n" + H + b"\r\n",
    "a bare line feed after the line": b"GET / HTTP/1.1\n" + H + b"\r\n",
    "a bare line feed after a header": b"GET / HTTP/1.1\r\nHost: h\n\r\n",
    "a bare line feed at the end": b"GET / HTTP/1.1\r\n" + H + b"\n",
    "a bare carriage return": b"GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: h\0i\r\n\r\n",
    "NUL in a name": b"GET / HTTP/1.1\r\nHo\0st: h\r\n\r\n",
    "a control character in a value": b"GET / HTTP/1.1\r\nHost: h\x01\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "an empty name": b"GET / HTTP/1.1\r\n" + H + b": x\r\n\r\n",
    "no colon": b"GET / HTTP/1.1\r\n" + H + b"nothing\r\n\r\n",
    "a coding that only ends so": LINE + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": LINE + H + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "two codings": LINE
    + H
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a coding behind a vertical tab": LINE + H + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a coding in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size in hexadecimal notation": CODED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "a chunk size with a space": CODED + b"3 \r\nabc\r\n0\r\n\r\n",
    "a negative chunk size": CODED + b"-3\r\nabc\r\n0\r\n\r\n",
    "a chunk size past 64 bits": CODED + b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "no chunk size": CODED + b"\r\nabc\r\n0\r\n\r\n",
    "a line feed behind a chunk size": CODED + b"3\nabc\r\n0\r\n\r\n",
    "a line feed behind a chunk": CODED + b"3\r\nabc\n0\r\n\r\n",
    "a chunk that is longer": CODED + b"2\r\nabc\r\n0\r\n\r\n",
    "a line break in a chunk extension": CODED + b'3;a="b\r\n"\r\nabc\r\n0\r\n\r\n',
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + H + H + b"\r\n",
    "two hosts in HTTP/1.0": b"GET / HTTP/1.0\r\n" + H + H + b"\r\n",
    "a target that is none": b"GET nowhere HTTP/1.1\r\n" + H + b"\r\n",
    "a star": b"GET * HTTP/1.1\r\n" + H + b"\r\n",
    "a control character in the target": b"GET /\x01 HTTP/1.1\r\n" + H + b"\r\n",
    "bytes above ASCII in the target": b"GET /\xff HTTP/1.1\r\n" + H + b"\r\n",
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("step", [0, 1])
def test_what_is_ambiguous_or_malformed_is_refused_for_good(what: str, step: int) -> None:
    data = HOSTILE[what]
    wire = connection()
    assert fed(data + GET, step or len(data), wire) == []
    assert wire.failure is not None
    assert wire.failure.status in {400, 501}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"BREW / HTTP/1.1\r\n" + H + b"\r\n", 501),
        (b"CONNECT h:1 HTTP/1.1\r\n" + H + b"\r\n", 501),
        (LINE + H + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\n" + H + b"\r\n", 505),
        (b"GET / HTTP/1.2\r\n" + H + b"\r\n", 505),
        (b"GET / HTTP/0.9\r\n\r\n", 505),
        (b"GET / HTTP/3.0\r\n" + H + b"\r\n", 505),
        (LINE + H + b"Expect: magic\r\nContent-Length: 1\r\n\r\n", 417),
        (LINE + H + b"Content-Length: 11\r\n\r\n", 413),
        (CODED + b"6\r\nabcdef\r\n6\r\nabcdef\r\n", 413),
        (b"GET /" + b"x" * TARGET_BYTES_MAX + b" HTTP/1.1\r\n" + H + b"\r\n", 414),
        (b"GET /" + b"x" * 4 * TARGET_BYTES_MAX, 414),
        (LINE + H + b"X: y\r\n" * HEADERS_MAX + b"\r\n", 431),
        (LINE + H + b"X: " + b"y" * HEAD_BYTES_MAX + b"\r\n\r\n", 431),
    ],
)
def test_limits_and_what_is_not_spoken_have_their_own_statuses(data: bytes, expected: int) -> None:
    assert status(data, 10) == expected
    assert status(data, 10, step=1000) == expected
    assert status(data, 10, step=17) == expected


def test_trailers_without_end_are_ended() -> None:
    data = CODED + b"0\r\n" + b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n" * 4_000 + b"\r\n"
    assert status(data, step=1000) == 400


def test_a_head_that_never_ends_is_ended() -> None:
    wire = connection()
    wire.receive(LINE + b"X: ")
    sent = 0
    while wire.failure is None:
        wire.receive(b"y" * 1000)
        sent += 1000
    assert wire.failure.status == 431
    assert sent <= HEAD_BYTES_MAX + TARGET_BYTES_MAX + 1000


def test_line_breaks_before_a_request_that_never_comes_are_ended() -> None:
    wire = connection()
    for _ in range(100):
        wire.receive(b"\r\n" * 1000)
    assert wire.failure is not None


def test_framing_without_content_is_ended() -> None:
    wire = connection()
    wire.receive(CODED)
    for _ in range(100):
        wire.receive(b"1;" + b"e" * 4000 + b"\r\nx\r\n")
    assert wire.failure is not None
    assert wire.failure.status == 400


def test_small_chunks_are_fine() -> None:
    body = b"x" * 5000
    data = CODED + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    (request,) = fed(data, 100, connection())
    assert request.body == body


def test_a_refused_body_tells_how_much_of_it_is_still_to_come() -> None:
    wire = connection(3)
    wire.receive(POST[:-5])
    assert wire.failure is not None
    assert wire.failure.unread_bytes == 5
    coded = connection(3)
    coded.receive(CODED + b"4\r\nabcd\r\n")
    assert coded.failure is not None
    assert coded.failure.unread_bytes == -1


def test_the_limit_is_asked_of_the_head_and_may_leave_a_note() -> None:
    asked: list[bytes] = []

    def limit(request: Request) -> int:
        asked.append(request.path)
        assert request.body == b""
        request.note = "routed"
        return 5

    wire = HttpConnection(limit)
    wire.receive(POST[:-5])
    assert asked == [b"/q"]
    assert wire.receive(b"hello")[0].note == "routed"


# --- Expect, versions, targets, the end ---

EXPECTS = LINE + H + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n"


def test_who_asks_to_go_on_waits_until_it_is_told_or_goes_on_anyway() -> None:
    wire = connection()
    wire.receive(EXPECTS)
    assert wire.wants_continue
    assert len(wire.receive(b"ab")) == 1
    assert not wire.wants_continue
    assert not wire.receive(EXPECTS + b"a")
    assert not wire.wants_continue


def test_without_a_body_there_is_nothing_to_go_on_with() -> None:
    wire = connection()
    assert len(wire.receive(LINE + H + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n")) == 1
    assert not wire.wants_continue


def test_of_http_1_0_expectations_are_ignored() -> None:
    wire = connection()
    wire.receive(b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    assert not wire.wants_continue
    assert wire.failure is None


@pytest.mark.parametrize(
    ("data", "is_last", "is_old"),
    [
        (GET, False, False),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", True, False),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: x, Close\r\n\r\n", True, False),
        (b"GET / HTTP/1.0\r\n\r\n", True, True),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", False, True),
    ],
)
def test_who_wants_the_connection_kept(data: bytes, is_last: bool, is_old: bool) -> None:
    (request,) = connection().receive(data)
    assert (request.is_last, request.is_old) == (is_last, is_old)


@pytest.mark.parametrize("step", [1, 1000])
def test_behind_the_last_request_nothing_is_read_and_nothing_is_wrong(step: int) -> None:
    wire = connection()
    last = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    assert len(fed(last + GET + b"\0", step, wire)) == 1
    assert wire.failure is None


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://here:80/a?b", b"/a?b"),
        (b"HTTPS://here", b"/"),
        (b"http://here?b", b"/?b"),
        (b"/a%2Fb", b"/a%2Fb"),
        (b"//a", b"//a"),
    ],
)
def test_a_target_is_given_in_origin_form(target: bytes, path: bytes) -> None:
    (request,) = connection().receive(b"GET " + target + b" HTTP/1.1\r\n" + H + b"\r\n")
    assert request.target == path


def test_options_may_ask_about_the_server_itself() -> None:
    (request,) = connection().receive(b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n")
    assert request.target == b"*"


# --- other protocols ---

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"


@pytest.mark.parametrize("step", [1, 1000])
def test_an_upgrade_that_nobody_takes_over_is_a_request_like_others(step: int) -> None:
    requests = fed(UPGRADE * 3 + POST, step, connection())
    assert [request.upgrade for request in requests] == [b"websocket"] * 3 + [b""]
    assert requests[-1].body == b"hello"


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    "framed",
    [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
)
def test_an_upgrade_with_a_body_keeps_it(framed: bytes, step: int) -> None:
    data = LINE + H + b"Connection: upgrade\r\nUpgrade: h2c\r\n" + framed
    requests = fed(data + POST + data + UPGRADE + GET, step, connection())
    assert [request.body for request in requests] == [b"abc", b"hello", b"abc", b"", b""]
    assert [request.upgrade for request in requests][:2] == [b"h2c", b""]


def test_a_body_too_large_behind_an_upgrade_is_refused() -> None:
    data = LINE + H + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 30\r\n\r\n"
    assert status(data, 10) == 413


def test_more_upgrades_than_the_stack_is_deep() -> None:
    assert len(connection().receive(UPGRADE * 3_000)) == 3_000


def test_what_is_taken_over_is_parsed_no_more() -> None:
    wire = connection()
    wire.takes_over = lambda request: request.path == b"/ws"
    assert len(wire.receive(GET + UPGRADE + b"\x81\x01")) == 2
    assert wire.is_upgraded
    wire.receive(b"a")
    assert wire.rest == b"\x81\x01a"
    assert wire.failure is None


# --- round trips ---

TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=12).map(str.encode)
VALUE = st.binary(max_size=20).map(
    lambda value: bytes(byte for byte in value if byte > 0x20 and byte != 0x7F)
)
RESERVED = {b"host", b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"}
HEADERS = st.lists(st.tuples(TOKEN.filter(lambda name: name not in RESERVED), VALUE), max_size=6)


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, tuple[Any, ...]]:
    """A request's bytes, and what is to come out."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]))
    target = b"/" + draw(TOKEN) + draw(st.sampled_from([b"", b"?a=b", b"/%20"]))
    headers = [(b"host", b"h"), *draw(HEADERS)]
    parts = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=3))
    body = b"".join(parts)
    if draw(st.booleans()):
        headers.append((b"transfer-encoding", b"chunked"))
        framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    else:
        headers.append((b"content-length", b"%d" % len(body)))
        framed = body
    lines = b"".join(
        b"%b:%b%b\r\n" % (name.title(), b" " * draw(st.integers(0, 2)), value)
        for name, value in headers
    )
    data = b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method.encode(), target, lines, framed)
    return data, (method, target, tuple(headers), body, False, False)


@given(st.lists(requests(), max_size=4), st.integers(1, 200))
def test_what_was_sent_comes_out_however_it_is_cut(
    sent: list[tuple[bytes, tuple[Any, ...]]], step: int
) -> None:
    wire = connection()
    got = fed(b"".join(data for data, _ in sent), step, wire)
    assert wire.failure is None
    assert told(got) == [expected for _, expected in sent]


@given(
    st.lists(st.sampled_from([POST, GET, CHUNKS, UPGRADE, *HOSTILE.values()]), max_size=3),
    st.data(),
)
def test_a_byte_wrong_anywhere_is_a_request_or_a_failure_and_cut_alike(
    parts: list[bytes], data: st.DataObject
) -> None:
    sent = bytearray(b"".join(parts))
    if sent:
        sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
    whole, cut = connection(), connection()
    assert told(whole.receive(bytes(sent))) == told(fed(bytes(sent), 1, cut))
    assert (whole.failure is None) == (cut.failure is None)


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_taken(data: bytes) -> None:
    wire = connection()
    wire.receive(b"POST / HTTP/1.1\r\n" + data)
    wire.receive(data)


@pytest.mark.parametrize("what", HOSTILE)
def test_what_we_take_for_one_request_so_does_another_reader(what: str) -> None:
    """Where h11 refuses, so do we; that we refuse more is fine."""
    oracle = h11.Connection(h11.SERVER)
    oracle.receive_data(HOSTILE[what])
    try:
        while oracle.next_event() not in (h11.NEED_DATA, h11.PAUSED):
            pass
    except h11.RemoteProtocolError:
        assert status(HOSTILE[what])
