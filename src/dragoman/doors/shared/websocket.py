"""A door behind a WebSocket: what it says and is told goes in frames. It knows nothing of it.

A client that asks for one comes in by HTTP; see `shared.rest.door`, which hands the connection over.
"""

from collections.abc import Callable, Sequence

from dragoman.kernel.api import Connection, ConnectionDoor, Delivery, Holder, Session
from dragoman.wire.http.websocket import WebSocket

MakeDoor = Callable[[Session, Connection], ConnectionDoor]


class WebSocketDoor:
    """See `kernel.api.ConnectionDoor`. `greeting` is the handshake's answer."""

    __slots__ = ("_greeting", "_inner", "_wire")

    def __init__(self, inner: ConnectionDoor, greeting: bytes) -> None:
        self._inner = inner
        self._wire = WebSocket()
        self._greeting = greeting

    def receive(self, data: bytes) -> None:
        """Frames from the peer; no bytes at all tell that time has passed."""
        inside = self._wire.receive(data)
        if inside or not data:
            self._inner.receive(inside)
        if self._wire.is_over and not self._inner.is_closing():
            self._inner.lost()

    def deliver(self, deliveries: list[Delivery]) -> None:
        """See `ConnectionDoor`."""
        self._inner.deliver(deliveries)

    def cancelled(self, holder: Holder) -> None:
        """See `ConnectionDoor`."""
        self._inner.cancelled(holder)

    def answered(self, ticket: int, result: object) -> None:
        """See `ConnectionDoor`."""
        self._inner.answered(ticket, result)

    def progressed(self) -> None:
        """See `ConnectionDoor`."""
        self._inner.progressed()

    def tick(self) -> None:
        """See `ConnectionDoor`."""
        self._inner.tick()

    def next_tick_ms(self) -> int | None:
        """See `ConnectionDoor`."""
        return None if self._wire.is_over else self._inner.next_tick_ms()

    def data_to_send(self) -> Sequence[bytes | memoryview]:
        """The handshake, then frames: one for all that the inner door has to say."""
        wire = self._wire
        chunks = [] if wire.is_over else self._inner.data_to_send()
        if chunks:
            wire.send(b"".join(chunks))
        if self._inner.is_closing():
            wire.close()
        out, wire.out = wire.out, []
        if self._greeting:
            out.insert(0, self._greeting)
            self._greeting = b""
        return out

    def is_full(self) -> bool:
        """See `ConnectionDoor`."""
        return self._inner.is_full()

    def is_closing(self) -> bool:
        """Once either has closed, and that is said."""
        return self._wire.is_over and not self._wire.out

    def lost(self) -> None:
        """See `ConnectionDoor`."""
        self._inner.lost()

    def shut(self, reason: str) -> None:
        """See `ConnectionDoor`."""
        self._inner.shut(reason)
