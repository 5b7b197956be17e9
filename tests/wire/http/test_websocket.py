"""WebSockets in bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.http.request import Request
from dragoman.wire.http.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    WebSocket,
    accept,
    frame,
    masked,
    protocols_of,
)

MASK = b"\x01\x02\x03\x04"


def sent(code: int, payload: bytes = b"", *, final: bool = True, mask: bytes = MASK) -> bytes:
    """A client's frame."""
    head = bytearray(frame(code, payload)[: len(frame(code, payload)) - len(payload)])
    head[0] = code | (0x80 if final else 0)
    head[1] |= 0x80
    return bytes(head) + mask + masked(payload, mask)


def asked(**more: bytes) -> Request:
    headers = {
        b"upgrade": b"websocket",
        b"connection": b"Upgrade",
        b"sec-websocket-version": b"13",
        b"sec-websocket-key": b"dGhlIHNhbXBsZSBub25jZQ==",
        b"sec-websocket-protocol": b"other, AMQPWSB10",
        **{name.replace("_", "-").encode(): value for name, value in more.items()},
    }
    request = Request("GET", b"/x", list(headers.items()), b"")
    request.upgrade = headers[b"upgrade"]
    return request


def test_the_handshake_is_answered_as_the_specification_says() -> None:
    assert protocols_of(asked()) == ["other", "AMQPWSB10"]
    assert protocols_of(asked(origin=b"http://h:1", host=b"h:1"))
    answer = accept(asked(), "AMQPWSB10", 0)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer  # section 1.3
    assert b"sec-websocket-protocol: AMQPWSB10\r\n" in answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"upgrade": b"h2c"},
        {"sec_websocket_version": b"8"},
        {"sec_websocket_key": b"short"},
        {"sec_websocket_key": b"\xff"},
        {"sec_websocket_protocol": b""},
        {"origin": b"https://elsewhere.example", "host": b"h:5672"},
    ],
)
def test_what_is_no_handshake_offers_nothing(wrong: dict[str, bytes]) -> None:
    assert protocols_of(asked(**wrong)) == []


@given(
    st.lists(st.binary(max_size=70_000), max_size=5), st.binary(min_size=4, max_size=4), st.data()
)
def test_bytes_come_through_however_they_are_cut(
    parts: list[bytes], mask: bytes, data: st.DataObject
) -> None:
    stream = b""
    for index, part in enumerate(parts):
        code = BINARY if index == 0 else CONTINUATION
        stream += sent(code, part, final=index == len(parts) - 1, mask=mask)
        stream += sent(PING, b"p")
    socket = WebSocket()
    found = b""
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += socket.receive(stream[:size])
        stream = stream[size:]
    assert found == b"".join(parts)
    assert socket.out == [frame(PONG, b"p")] * len(parts)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_all_lengths_are_written_as_they_are_read(size: int) -> None:
    socket = WebSocket()
    assert socket.receive(sent(BINARY, b"x" * size)) == b"x" * size
    socket.send(b"y" * size)
    assert socket.out[0][-size:] == b"y" * size if size else True


def test_a_close_is_answered_with_its_code_and_nothing_follows() -> None:
    socket = WebSocket()
    assert socket.receive(sent(CLOSE, b"\x03\xe8bye") + sent(BINARY, b"x")) == b""
    assert socket.is_over
    assert socket.out == [frame(CLOSE, b"\x03\xe8")]
    empty = WebSocket()
    empty.receive(sent(CLOSE))
    assert empty.out == [frame(CLOSE, b"")]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(BINARY, b"x") + b"more", 1_002),  # no mask
        (sent(TEXT, b"x"), 1_003),
        (sent(3, b"x"), 1_002),
        (sent(11), 1_002),
        (sent(CONTINUATION, b"x"), 1_002),
        (sent(BINARY, b"x", final=False) + sent(BINARY, b"y"), 1_002),
        (sent(PING, b"x", final=False), 1_002),
        (sent(PING, b"x" * 126), 1_002),
        (b"\xc2" + sent(BINARY, b"x")[1:], 1_002),
    ],
)
def test_what_is_no_frame_closes_the_connection_with_its_code(data: bytes, code: int) -> None:
    socket = WebSocket()
    socket.receive(data)
    assert socket.is_over
    assert socket.out[-1] == frame(CLOSE, code.to_bytes(2, "big"))


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    socket = WebSocket()
    socket.receive(data)
    socket.close()
    assert socket.is_over
