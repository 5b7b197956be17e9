"""Responses of a StreamingPull, put together from messages; fewer and larger ones for a client that is behind. Hot.

A client pays for each response, whatever is in it: google-cloud-pubsub in Python most of a millisecond, so that one
that is sent every message by itself cannot take a thousand a second, and falls ever further behind. So a client that
still has messages to settle is sent a response every GATHER_MS at most, unless there is enough for a large one. One
that has settled nearly all it was given waits for the next message: that leaves at once.

    add ──> held ──(the client is not behind, or LARGE, or `due_ms`)──> sent
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.grpc.call import Sender

RESPONSE_BYTES: Final = 1 << 20  # after which a response is sent, and another begun
LARGE: Final = 50  # messages that are worth a response of their own
BEHIND: Final = 8  # messages a client has, and has not settled
GATHER_MS: Final = 4


class Gathering:
    """Those of one stream. `due_ms` is the elapsed time at which `flush` is due, None while nothing is held.

    prefix  what each response says beside its messages, in bytes
    """

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.prefix = b""
        self._parts: list[bytes] = []
        self._size: int = 0
        self._sent_ms: int = -GATHER_MS
        self.due_ms: int | None = None

    def add(self, parts: Sequence[bytes]) -> int:
        """Messages, spelled; their bytes are returned."""
        total: int = 0
        for part in parts:
            self._parts.append(part)
            self._size += len(part)
            total += len(part)
            if self._size >= RESPONSE_BYTES:
                self._send()
        return total

    def release(self, now_ms: int, outstanding: int) -> None:
        """Send what is held, or see to it later; `outstanding` messages are not settled, those held among them."""
        held: int = len(self._parts)
        if not held:
            self.due_ms = None
        elif held >= LARGE or outstanding - held <= BEHIND or now_ms >= self._sent_ms + GATHER_MS:
            self.flush(now_ms)
        else:
            self.due_ms = self._sent_ms + GATHER_MS

    def flush(self, now_ms: int) -> None:
        """Send what is held."""
        self.due_ms = None
        if self._parts:
            self._sent_ms = now_ms
            self._send()

    def _send(self) -> None:
        self._sender.send(self.prefix + b"".join(self._parts))
        self._parts, self._size = [], 0
