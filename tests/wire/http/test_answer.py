import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.http.answer import HEAD_BYTES_MAX, HEADERS_MAX, AnswerParser

BODY_MAX = 100
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nhi"


def fed(*pieces: bytes, method: str = "POST") -> AnswerParser:
    parser = AnswerParser(BODY_MAX)
    parser.begin(method)
    for piece in pieces:
        parser.receive(piece)
    return parser


def test_an_answer_is_its_status_headers_and_body() -> None:
    parser = fed(PLAIN)
    assert (parser.is_whole, parser.keeps, parser.failure) == (True, True, "")
    assert (parser.status, parser.body) == (200, b"hi")
    assert parser.headers == [("content-length", "2"), ("x-a", "1"), ("x-a", "2")]


def test_the_next_answer_has_nothing_of_the_last() -> None:
    parser = fed(PLAIN)
    parser.begin("POST")
    parser.receive(b"HTTP/1.1 204 No\r\n\r\n")
    assert (parser.is_whole, parser.status, parser.headers, parser.body) == (True, 204, [], b"")


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        CHUNKED + b"2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n",
        b"HTTP/1.1 304 X\r\nContent-Length: 10\r\n\r\n",
        b"HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n" + PLAIN,
    ],
)
def test_an_answer_is_the_same_whole_and_byte_by_byte(answer: bytes) -> None:
    whole, pieces = fed(answer), fed(*(bytes([byte]) for byte in answer))
    for parser in (whole, pieces):
        assert parser.is_whole, parser.failure
    assert whole.status == pieces.status >= 200
    assert whole.headers == pieces.headers
    assert whole.body == pieces.body
    assert not fed(answer[:-1]).is_whole


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        PLAIN + PLAIN,
        PLAIN + b"x",
        CHUNKED + b"c8\r\n" + b"x" * 200,
        b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 101,
    ],
)
def test_where_more_comes_or_none_the_connection_is_of_no_more_use(answer: bytes) -> None:
    parser = fed(answer)
    assert (parser.is_whole, parser.keeps, parser.failure) == (True, False, "")
    assert len(parser.body) <= BODY_MAX


def test_without_a_length_the_end_of_the_connection_is_the_end_of_the_body() -> None:
    parser = fed(b"HTTP/1.1 200 OK\r\n\r\nhi")
    assert not parser.is_whole
    parser.lost()
    assert (parser.is_whole, parser.body, parser.keeps) == (True, b"hi", False)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", PLAIN[:-1], CHUNKED + b"2\r\nh"])
def test_an_answer_that_breaks_off_is_none(answer: bytes) -> None:
    parser = fed(answer) if answer else fed()
    parser.lost()
    assert not parser.is_whole
    assert parser.received == bool(answer)


def test_the_answer_to_a_head_has_no_body() -> None:
    parser = fed(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", method="HEAD")
    assert (parser.is_whole, parser.keeps) == (True, False)


@pytest.mark.parametrize(
    "answer",
    [
        b"SMTP ready\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (HEADERS_MAX + 1) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * HEAD_BYTES_MAX + b"\r\n\r\n",
        b"HTTP/1.1 200 " + b"y" * HEAD_BYTES_MAX + b"\r\n\r\n",
        b"HTTP/1.1 100 C\r\n\r\n" * HEADERS_MAX * 100,
    ],
)
def test_what_is_no_http_or_too_much_of_it_fails(answer: bytes) -> None:
    parser = fed(answer)
    assert parser.failure
    assert not (parser.is_whole or parser.keeps)


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_are_an_answer_a_part_of_one_or_a_failure(pieces: list[bytes]) -> None:
    parser = fed(*pieces)
    parser.lost()
    assert not (parser.is_whole and parser.failure)


@given(st.integers(200, 599), st.binary(max_size=BODY_MAX), st.booleans())
def test_what_another_implementation_says_is_understood(
    status: int, body: bytes, chunked: bool
) -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(server.next_event(), h11.Request)
    assert isinstance(server.next_event(), h11.EndOfMessage)
    bodiless = status in (204, 304)
    length = [] if chunked else [("Content-Length", str(0 if bodiless else len(body)))]
    said = server.send(h11.Response(status_code=status, headers=length))
    said += b"" if bodiless else server.send(h11.Data(data=body))
    said += server.send(h11.EndOfMessage())
    parser = fed(said)
    assert (parser.is_whole, parser.failure, parser.status) == (True, "", status)
    assert parser.body == (b"" if bodiless else body)
