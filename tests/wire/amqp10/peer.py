"""A client of a `Connection`, in frames: what it says, and what it is told."""

from struct import unpack_from
from typing import Any, TypeVar

from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.connection import Connection
from dragoman.wire.amqp10.events import Attached, Begun, Event
from dragoman.wire.amqp10.frames import AMQP_HEADER, frame
from dragoman.wire.amqp10.links import Link
from dragoman.wire.amqp10.messaging import Source, Target
from dragoman.wire.amqp10.performatives import (
    Attach,
    Begin,
    Flow,
    Open,
    Transfer,
)
from dragoman.wire.amqp10.session import Session

T = TypeVar("T")
WINDOW = 100


class Frame:
    """What a frame holds."""

    def __init__(self, channel: int, body: Any, payload: bytes) -> None:
        self.channel = channel
        self.body = body
        self.payload = payload


def frames_of(data: bytes) -> list[Frame]:
    """The frames, protocol headers and signs of life left out."""
    found: list[Frame] = []
    at = 0
    while at < len(data):
        if data.startswith(b"AMQP", at):
            at += 8
            continue
        size, offset, _, channel = unpack_from(">IBBH", data, at)
        if size > offset * 4:
            body, end = from_bytes(data[at : at + size], offset * 4)
            found.append(Frame(channel, body, data[at + end : at + size]))
        at += size
    return found


class Peer:
    def __init__(self, *, opened: bool = True, **options: Any) -> None:
        self.wire = Connection()
        self.events: list[Event] = []
        if opened:
            self.give(AMQP_HEADER)
            self.say(Open("client", **options))
            self.wire.open("server", {}, ())
            self.heard()
            self.events.clear()

    def give(self, data: bytes) -> list[Event]:
        found = self.wire.receive(data)
        self.events += found
        return found

    def say(self, performative: Any, channel: int = 0, payload: bytes = b"") -> list[Event]:
        return self.give(frame(channel, performative, payload))

    def heard(self) -> list[Frame]:
        """What has been sent to it."""
        data = b"".join(self.wire.out)
        self.wire.out.clear()
        return frames_of(data)

    def told(self, kind: type[T]) -> T:
        """The last thing it was told, of that kind."""
        found = self.heard()
        assert found and isinstance(found[-1].body, kind), [frame.body for frame in found]
        return found[-1].body

    # --- what tests need all the time ---

    def begin(self, channel: int = 0, window: int = WINDOW, **options: Any) -> Session:
        (event,) = self.say(
            Begin(next_outgoing_id=0, incoming_window=window, outgoing_window=100, **options),
            channel,
        )
        assert isinstance(event, Begun) and isinstance(event.session, Session)
        self.heard()
        return event.session

    def sender(self, handle: int = 0, name: str = "", channel: int = 0, **options: Any) -> Link:
        """A link on which it sends, accepted, with credit."""
        link = self.attach(Attach(name or f"s{handle}", handle, False, **options), channel)
        link.accept(Attach("", 0, True, target=Target("q")))
        link.grant(50)
        self.heard()
        return link

    def receiver(self, handle: int = 0, name: str = "", channel: int = 0, credit: int = 10) -> Link:
        """A link on which it receives, accepted, with credit."""
        link = self.attach(Attach(name or f"r{handle}", handle, True, source=Source("q")), channel)
        link.accept(Attach("", 0, False, source=Source("q")))
        self.flow(handle=handle, delivery_count=0, link_credit=credit, channel=channel)
        self.heard()
        return link

    def attach(self, attach: Attach, channel: int = 0) -> Link:
        event = self.say(attach, channel)[-1]
        assert isinstance(event, Attached)
        return event.link

    def flow(self, channel: int = 0, window: int = WINDOW, **options: Any) -> list[Event]:
        options.setdefault("next_incoming_id", 1)
        flow = Flow(incoming_window=window, next_outgoing_id=0, outgoing_window=100, **options)
        return self.say(flow, channel)

    def transfer(
        self, id: int, payload: bytes = b"m", handle: int = 0, **options: Any
    ) -> list[Event]:
        options.setdefault("delivery_tag", b"%d" % id)
        return self.say(Transfer(handle, id, **options), payload=payload)
