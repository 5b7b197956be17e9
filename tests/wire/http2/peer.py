"""A client in bytes: frames as it likes, and what it reads of ours. Header blocks by another library."""

from collections.abc import Sequence
from typing import Any

import hpack

from dragoman.wire.http2.connection import Http2Connection
from dragoman.wire.http2.events import Event
from dragoman.wire.http2.frames import (
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    frame,
)

GET = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/a"), (b":authority", b"here")]
POST = [(b":method", b"POST"), *GET[1:]]
HELLO = PREFACE + frame(SETTINGS, 0, 0, b"")


def block(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A block that changes no table."""
    return b"".join(
        b"\x10" + bytes((len(name),)) + name + bytes((len(value),)) + value
        for name, value in fields
    )


def headers(id: int, fields: Sequence[tuple[bytes, bytes]] = POST, *, ends: bool = False) -> bytes:
    return frame(HEADERS, END_HEADERS | (END_STREAM if ends else 0), id, block(fields))


def data(id: int, content: bytes, *, ends: bool = False) -> bytes:
    return frame(DATA, END_STREAM if ends else 0, id, content)


def frames_of(sent: bytes) -> list[tuple[int, int, int, bytes]]:
    """Kind, flags, stream and payload of each frame."""
    found = []
    while sent:
        size = int.from_bytes(sent[:3], "big")
        found.append((sent[3], sent[4], int.from_bytes(sent[5:9], "big"), sent[9 : 9 + size]))
        assert len(sent) >= 9 + size
        sent = sent[9 + size :]
    return found


class Peer:
    """A connection of ours, and its client."""

    def __init__(self, *, greets: bool = True) -> None:
        self.wire = Http2Connection()
        self.now_ms = 1_000
        self.decoder = hpack.Decoder()
        if greets:
            self.give(HELLO)
            self.take()

    def give(self, sent: bytes) -> list[Event]:
        return self.wire.receive(sent, self.now_ms)

    def take(self) -> list[tuple[int, int, int, bytes]]:
        return frames_of(b"".join(self.wire.sending.data_to_send()))

    def fields(self, payload: bytes) -> list[tuple[bytes, bytes]]:
        """A header block of ours, read."""
        found: Any = self.decoder.decode(payload, raw=True)
        return [(bytes(name), bytes(value)) for name, value in found]

    def fate(self, sent: bytes) -> tuple[str, int]:
        """What these bytes end: the connection or a stream, and the code; `("", 0)` nothing."""
        self.give(sent)
        for kind, _, _, payload in self.take():
            if kind == GOAWAY:
                assert self.wire.failure is not None
                return "connection", int.from_bytes(payload[4:8], "big")
            if kind == RST_STREAM:
                return "stream", int.from_bytes(payload, "big")
        return "", 0
