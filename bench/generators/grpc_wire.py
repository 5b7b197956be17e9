"""gRPC over HTTP/2 as a client writes it: a socket, frames by hand, many calls at once. Requests are prebuilt.

A response's trailers are decoded when their bytes are seen for the first time; the broker says OK in the same bytes.
"""

import socket
from collections.abc import Iterator
from typing import Final

import hpack

from bench.generators import control

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
FRAME_BYTES: Final = 16_384
WINDOW_BYTES: Final = (1 << 31) - 1
DEFAULT_WINDOW_BYTES: Final = 65_535
_WINDOW_SETTING: Final = b"\x00\x04" + WINDOW_BYTES.to_bytes(4, "big")

Event = tuple[int, int, bytes, bool]
"""(kind of frame, stream, payload, whether the stream ends)."""


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One frame."""
    return b"%b%c%c%b%b" % (
        len(payload).to_bytes(3, "big"),
        kind,
        flags,
        stream.to_bytes(4, "big"),
        payload,
    )


class Call:
    """A prebuilt request: its data in frames, of which only the stream's number is missing."""

    def __init__(self, path: str, message: bytes) -> None:
        self.path = path
        data = b"\0" + len(message).to_bytes(4, "big") + message
        self.size = len(data)
        self.chunks = [data[at : at + FRAME_BYTES] for at in range(0, len(data), FRAME_BYTES)]


class Channel:
    """One connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sock = socket.create_connection(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._authority = f"{address[0]}:{address[1]}"
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder()
        self._heads: dict[str, bytes] = {}  # by path, once everything in them is indexed
        self._good: set[bytes] = set()  # trailers that say OK
        self._buffer = b""
        self._next = 1
        self.room = DEFAULT_WINDOW_BYTES
        window = (WINDOW_BYTES - DEFAULT_WINDOW_BYTES).to_bytes(4, "big")
        settings = frame(SETTINGS, 0, 0, _WINDOW_SETTING)
        self.sock.sendall(PREFACE + settings + frame(WINDOW_UPDATE, 0, 0, window))
        self.wait_room(DEFAULT_WINDOW_BYTES + 1)

    def wait_room(self, size: int) -> None:
        """Until the broker takes so much at once."""
        while self.room < size:
            for _ in self.events():
                pass

    def _head(self, path: str) -> bytes:
        known = self._heads.get(path)
        if known is not None:
            return known
        fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", self._authority),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
        ]
        block: bytes = self._encoder.encode(fields)
        if all(byte >= 0x80 for byte in block):
            self._heads[path] = block
        return block

    def begin(self, call: Call, *, ends: bool = True) -> int:
        """Send a call; the number of its stream. Only as much is to be sent as there is `room` for."""
        stream = self._next
        self._next += 2
        parts = [frame(HEADERS, END_HEADERS, stream, self._head(call.path))]
        parts += [frame(DATA, 0, stream, chunk) for chunk in call.chunks[:-1]]
        parts.append(frame(DATA, END_STREAM if ends else 0, stream, call.chunks[-1]))
        self.room -= call.size
        self.sock.sendall(b"".join(parts))
        return stream

    def events(self) -> Iterator[Event]:
        """What a read brings, to be taken whole: data, and ends. Raises LoadFailedError for whatever is not OK."""
        data = self.sock.recv(1 << 18)
        if not data:
            raise control.LoadFailedError("the broker has hung up")
        self._buffer += data
        at, buffer = 0, self._buffer
        while len(buffer) - at >= 9:
            size = int.from_bytes(buffer[at : at + 3], "big")
            if len(buffer) - at - 9 < size:
                break
            kind, flags = buffer[at + 3], buffer[at + 4]
            stream = int.from_bytes(buffer[at + 5 : at + 9], "big")
            payload = buffer[at + 9 : at + 9 + size]
            at += 9 + size
            if kind == DATA:
                yield kind, stream, payload, bool(flags & END_STREAM)
            elif kind == HEADERS:
                self._check(payload, ends=bool(flags & END_STREAM))
                if flags & END_STREAM:
                    yield kind, stream, b"", True
            else:
                self._control(kind, flags, stream, payload)
        self._buffer = buffer[at:]

    def _check(self, block: bytes, *, ends: bool) -> None:
        if block in self._good:
            return
        raw = self._decoder.decode(block, raw=True)
        fields = {bytes(name): bytes(value) for name, value in raw}
        if ends and fields.get(b"grpc-status") != b"0":
            raise control.LoadFailedError(f"answered {fields}")
        self._good.add(block)

    def _control(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == WINDOW_UPDATE and not stream:
            self.room += int.from_bytes(payload, "big")
        elif kind in (SETTINGS, PING) and not flags & ACK:
            self.sock.sendall(frame(kind, ACK, 0, payload if kind == PING else b""))
        elif kind in (RESET, GOAWAY):
            raise control.LoadFailedError(f"frame {kind} of {payload!r}")

    def ask(self, path: str, message: bytes) -> bytes:
        """A call and its answer, alone."""
        stream = self.begin(Call(path, message))
        data = b""
        is_over = False
        while not is_over:
            for _, number, payload, ends in self.events():
                data += payload if number == stream else b""
                is_over = is_over or (number == stream and ends)
        return data[5:]
