"""A broker in memory and AMQP 1.0 clients that speak with it in frames: no sockets, no real time."""

from collections.abc import Sequence
from struct import Struct
from typing import Any, TypeVar

from tests.fakes import node
from tests.wire.amqp10.peer import Frame, frames_of

from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.shared.amqp10.door import Amqp10Door
from dragoman.doors.shared.amqp10.profile import Profile
from dragoman.formats.amqp10 import decode
from dragoman.kernel.api import DeclareQueue, DescribeQueue, QueueInfo
from dragoman.model.message import Message
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import AMQP_HEADER, SASL_HEADER, frame, sasl_frame
from dragoman.wire.amqp10.messaging import ACCEPTED, Header, Properties, Source, Target
from dragoman.wire.amqp10.performatives import (
    Attach,
    Begin,
    Disposition,
    Flow,
    Open,
    SaslInit,
    Transfer,
)
from dragoman.wire.amqp10.sections import pack_entry, slice_message
from dragoman.wire.amqp10.values import Described, ULong

T = TypeVar("T")
WINDOW = 5_000
pack_id = Struct(">I").pack


def message(
    body: bytes = b"m",
    header: Header | None = None,
    application: dict[str, Any] | None = None,
    annotations: dict[Any, Any] | None = None,
    **properties: Any,
) -> bytes:
    parts = [to_bytes(header)] if header is not None else []
    if annotations:
        parts.append(encode(Described(ULong(0x72), annotations)))
    if properties:
        parts.append(to_bytes(Properties(**properties)))
    if application:
        parts.append(encode(Described(ULong(0x74), application)))
    return b"".join([*parts, encode(Described(ULong(0x75), body))])


def message_of(payload: bytes) -> Message:
    return decode(pack_entry(slice_message(payload)))


class World(node.World):
    profiles: Sequence[Profile] = (GenericProfile(),)

    def connect(self, *, hello: bool = True, **options: Any) -> "Client":
        client = Client(self)
        if hello:
            client.hello(**options)
        return client

    def declare(self, name: str = "q", **settings: Any) -> None:
        command = DeclareQueue(name=name, **settings)
        self.kernel.submit(command, self.kernel.open_session())
        self.run()

    def info(self, name: str = "q") -> QueueInfo:
        found: QueueInfo = self.kernel.submit(DescribeQueue(name=name), self.kernel.open_session())
        return found


class Client(node.Connection[Amqp10Door]):
    """Says frames, and is told frames: `heard` takes all that have come."""

    def __init__(self, world: World) -> None:
        super().__init__(world, lambda session, peer: Amqp10Door(session, peer, world.profiles))
        self.next_id = 0

    def heard(self) -> list[Frame]:
        return frames_of(self.sent())

    def say(self, *performatives: Any, channel: int = 0, payload: bytes = b"") -> None:
        self.give(b"".join(frame(channel, each, payload) for each in performatives))

    def told(self, kind: type[T]) -> T:
        """The last of that kind that has come; everything else is dropped."""
        bodies = [frame.body for frame in self.heard()]
        found = [body for body in bodies if isinstance(body, kind)]
        assert found, bodies
        return found[-1]

    # --- what tests need all the time ---

    def hello(self, mechanism: str = "", response: bytes = b"", **options: Any) -> None:
        if mechanism:
            self.give(SASL_HEADER + sasl_frame(SaslInit(mechanism, response)))
        self.give(AMQP_HEADER)
        self.say(
            Open("client", **options),
            Begin(next_outgoing_id=0, incoming_window=WINDOW, outgoing_window=WINDOW),
        )
        self.heard()

    def attach(self, attach: Attach) -> list[Any]:
        self.say(attach)
        return [frame.body for frame in self.heard()]

    def sender(self, address: Any = "q", handle: int = 0, **options: Any) -> list[Any]:
        target = Target(address)
        return self.attach(Attach(f"s{handle}", handle, False, target=target, **options))

    def receiver(
        self,
        address: Any = "q",
        handle: int = 1,
        credit: int = 10,
        source: Source | None = None,
        **options: Any,
    ) -> list[Any]:
        attach = Attach(f"r{handle}", handle, True, source=source or Source(address), **options)
        found = self.attach(attach)
        if credit:
            self.credit(credit, handle)
        return found

    def credit(self, credit: int, handle: int = 1, count: int = 0, **options: Any) -> None:
        self.say(
            Flow(
                next_incoming_id=1,
                incoming_window=WINDOW,
                next_outgoing_id=0,
                outgoing_window=WINDOW,
                handle=handle,
                delivery_count=count,
                link_credit=credit,
                **options,
            )
        )

    def send(self, *payloads: bytes, handle: int = 0, **options: Any) -> None:
        """Deliveries in one read of the broker."""
        data = b""
        for payload in payloads:
            tag = pack_id(self.next_id)
            data += frame(0, Transfer(handle, self.next_id, tag, 0, **options), payload)
            self.next_id += 1
        self.give(data)

    def transfers(self) -> list[Frame]:
        """The deliveries that have come."""
        return [frame for frame in self.heard() if isinstance(frame.body, Transfer)]

    def bodies(self) -> list[bytes | None]:
        return [message_of(frame.payload).body for frame in self.transfers()]

    def settle(
        self, first: int, last: int | None = None, state: Any = ACCEPTED, settled: bool = True
    ) -> None:
        self.say(Disposition(True, first, last, settled, state))

    def outcomes(self) -> list[tuple[int, int | None, Any]]:
        """(first, last, state) of what it was told of its deliveries."""
        return [
            (frame.body.first, frame.body.last, frame.body.state)
            for frame in self.heard()
            if isinstance(frame.body, Disposition)
        ]
