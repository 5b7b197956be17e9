"""WebSockets (RFC 6455), a server's side without a socket: the handshake's answer, then frames that carry bytes.

    receive -> bytes of binary messages, whatever their frames      send -> one binary frame
    ping -> pong          close -> close          text, or what is no frame -> close with its code

Whoever is on top reads a stream: where one message ends and the next begins is of no matter. No frame is waited for
as a whole, so its length costs nothing. Extensions are not offered.
"""

import binascii
import hashlib
from base64 import b64decode, b64encode
from struct import Struct
from typing import Final

from dragoman.wire.http.request import Request
from dragoman.wire.http.response import date_of

GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES: Final = 16
CONTROL_BYTES_MAX: Final = 125  # section 5.5
CONTINUATION: Final = 0
TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
NORMAL: Final = 1_000
PROTOCOL_ERROR: Final = 1_002
UNSUPPORTED: Final = 1_003
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_RESERVED: Final = 0x70
_SHORT: Final = Struct(">H")
_LONG: Final = Struct(">Q")


def protocols_of(request: Request) -> list[str]:
    """The subprotocols that an upgrade offers, in its order; empty when it is no handshake (section 4.2.1), or a page
    of another site makes its browser say it (section 10.2).
    """
    key = request.header(b"sec-websocket-key") or b""
    is_asked = request.method == "GET" and request.upgrade.lower() == b"websocket"
    origin = request.header(b"origin")
    if origin is not None and origin.partition(b"://")[2] != request.header(b"host"):
        return []
    if not is_asked or request.header(b"sec-websocket-version") != b"13":
        return []
    try:
        if len(b64decode(key, validate=True)) != KEY_BYTES:
            return []
    except binascii.Error:
        return []
    offered = request.header(b"sec-websocket-protocol") or b""
    return [name.strip() for name in offered.decode("latin-1").split(",") if name.strip()]


def accept(request: Request, protocol: str, wall_ms: int) -> bytes:
    """The answer that takes the connection over (section 4.2.2)."""
    key = (request.header(b"sec-websocket-key") or b"") + GUID
    digest = b64encode(hashlib.sha1(key, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
        b"sec-websocket-accept: %b\r\nsec-websocket-protocol: %b\r\ndate: %b\r\n\r\n"
        % (digest, protocol.encode("latin-1"), date_of(wall_ms // 1_000))
    )


class WebSocket:
    """One connection behind its handshake. `out` is to be sent; `is_over` once a close was said."""

    __slots__ = ("_buffer", "_code", "_control", "_is_open", "_left", "_mask", "is_over", "out")

    def __init__(self) -> None:
        self.out: list[bytes] = []
        self.is_over = False
        self._buffer = b""  # of a head that is not whole
        self._left = 0  # bytes of the present frame still to come
        self._code = BINARY  # of the present frame
        self._mask = b""  # turned so that it begins with the next byte
        self._control = b""  # what has come of a control frame
        self._is_open = False  # a message goes on in the next frame

    def receive(self, data: bytes) -> bytes:
        """The bytes that are for whoever is on top."""
        found: list[bytes] = []
        data = self._buffer + data if self._buffer else data
        self._buffer = b""
        while data and not self.is_over:
            if self._left:
                part, data = data[: self._left], data[self._left :]
                self._take(part, found)
                continue
            size = self._begin(data)
            if not size:
                self._buffer = data
                break
            data = data[size:]
        return found[0] if len(found) == 1 else b"".join(found)

    def _begin(self, data: bytes) -> int:
        """Read a frame's head; how long it was, 0 when it is not whole."""
        if len(data) < 2:
            return 0
        length, at = data[1] & 0x7F, 2
        if length == 126:
            at = 4
        elif length == 127:
            at = 10
        if len(data) < at + 4:
            return 0
        if at == 4:
            length = _SHORT.unpack_from(data, 2)[0]
        elif at == 10:
            length = _LONG.unpack_from(data, 2)[0]
        code, is_final = data[0] & 0x0F, bool(data[0] & _FINAL)
        if data[0] & _RESERVED or not data[1] & _MASKED:
            self._fail(PROTOCOL_ERROR)
            return at + 4
        self._code, self._left, self._mask = code, length, data[at : at + 4]
        self._judge(code, length, is_final=is_final)
        if not length and not self.is_over and code >= CLOSE:
            self._answer()
        return at + 4

    def _judge(self, code: int, length: int, *, is_final: bool) -> None:
        """Whether such a frame may come now (sections 5.4 and 5.5)."""
        if code >= CLOSE:
            if code > PONG or not is_final or length > CONTROL_BYTES_MAX:
                self._fail(PROTOCOL_ERROR)
        elif code == TEXT:
            self._fail(UNSUPPORTED)
        elif code > BINARY or (code == CONTINUATION) != self._is_open:
            self._fail(PROTOCOL_ERROR)
        else:
            self._is_open = not is_final

    def _take(self, part: bytes, found: list[bytes]) -> None:
        size = len(part)
        plain = masked(part, self._mask)
        turn = size & 3
        self._mask = self._mask[turn:] + self._mask[:turn]
        self._left -= size
        if self._code < CLOSE:
            found.append(plain)
            return
        self._control += plain
        if not self._left:
            self._answer()

    def _answer(self) -> None:
        """A control frame is whole."""
        said, self._control = self._control, b""
        if self._code == PING:
            self.out.append(frame(PONG, said))
        elif self._code == CLOSE:
            self.out.append(frame(CLOSE, said[:2]))
            self.is_over = True

    def _fail(self, code: int) -> None:
        if not self.is_over:
            self.close(code)
        self._left = 0

    def send(self, data: bytes) -> None:
        """Bytes for the peer."""
        self.out.append(frame(BINARY, data))

    def close(self, code: int = NORMAL) -> None:
        """Nothing follows."""
        if not self.is_over:
            self.out.append(frame(CLOSE, _SHORT.pack(code)))
            self.is_over = True


def masked(data: bytes, mask: bytes) -> bytes:
    """The bytes with the mask laid over them, or taken off (section 5.3)."""
    size = len(data)
    cover = (mask * (size // 4 + 1))[:size]
    both = int.from_bytes(data, "little") ^ int.from_bytes(cover, "little")
    return both.to_bytes(size, "little")


def frame(code: int, payload: bytes) -> bytes:
    """A whole message of one frame, as servers send it: without a mask."""
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | code, size))
    elif size < 1 << 16:
        head = bytes((_FINAL | code, 126)) + _SHORT.pack(size)
    else:
        head = bytes((_FINAL | code, 127)) + _LONG.pack(size)
    return head + payload
