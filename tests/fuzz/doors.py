"""What the fuzzer has to know of each door: its corpus, its frames' lengths, its greeting, and what clean output is."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.clients.servicebus_work import ENTITIES
from tests.fuzz.mutate import mutate, other_value
from tests.fuzz.playground import Playground

from dragoman.console.access import Access
from dragoman.console.admin.face import AdminFace
from dragoman.console.health import HealthFace
from dragoman.doors.amqp091.door import Amqp091Door as amqp  # noqa: N813
from dragoman.doors.amqp10.profile import GenericProfile
from dragoman.doors.eventgrid.face import EventGridFace
from dragoman.doors.eventhubs.profile import EventHubsProfile
from dragoman.doors.kafka.door import make_door as kafka
from dragoman.doors.pubsub.services import make_services as pubsub
from dragoman.doors.servicebus.profile import ServiceBusProfile
from dragoman.doors.shared.amqp10.door import Amqp10Door
from dragoman.doors.shared.amqp10.profile import Profile
from dragoman.doors.shared.grpc.door import door_maker as grpc
from dragoman.doors.shared.grpc.health import HealthService
from dragoman.doors.shared.grpc.reflection import reflections
from dragoman.doors.shared.grpc.table import Table as Methods
from dragoman.doors.shared.rest.door import door_maker
from dragoman.doors.shared.rest.routes import Table
from dragoman.doors.sns.face import SnsFace
from dragoman.doors.sqs.face import SqsFace
from dragoman.doors.sqs.localstack import LocalstackFace
from dragoman.kernel.api import ListQueues
from dragoman.wire.amqp10.composites import from_bytes
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import SASL_HEADER, frame, sasl_frame
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    RELEASED,
    Declared,
    Modified,
    Rejected,
    Source,
    Target,
)
from dragoman.wire.amqp10.performatives import (
    Attach,
    Begin,
    Close,
    Detach,
    Disposition,
    End,
    Flow,
    SaslInit,
    Transfer,
)
from dragoman.wire.amqp10.values import (
    Array,
    Described,
    Int,
    Symbol,
    UByte,
    UInt,
    ULong,
    UShort,
)
from dragoman.wire.http2 import frames as http2

CORPUS = Path(__file__).parent / "corpus"
AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
AMQP_END = 0xCE
AMQP10_HEADER = b"AMQP\x00\x01\x00\x00"
TRANSFER_CODE = b"\x00\x53\x14"
LOGINS = (SaslInit("PLAIN", b"\0u\0p"), SaslInit("PLAIN", b"\0"), SaslInit("ANONYMOUS"))
DETACH_CODE = b"\x00\x53\x16"
AMQP10_FAULT = b"amqp:internal-error"
AMQP_FAULT = bytes((0, 10, 0, 50, 2, 29))  # connection.close with 541, internal error
AMQP_KINDS = (1, 2, 3, 8)
HTTP2_KINDS = (
    http2.DATA,
    http2.HEADERS,
    http2.RST_STREAM,
    http2.SETTINGS,
    http2.PING,
    http2.GOAWAY,
    http2.WINDOW_UPDATE,
)
HTTP2_FAULT = bytes((0, 0, 0, 2))
GRPC_FAULT = b"Something went wrong here"
TIMEOUTS = (b"0S ", b"-1S", b"1nn", b"9H9", b"00n", b"\xff\0S", b"1m ", b"99H", b"  S", b"01u")
LENGTH = re.compile(rb"(content-length: ?)(\d+)", re.IGNORECASE)
ANSWER = re.compile(rb"HTTP/1\.1 (\d\d\d) [ \w]*\r\n(?:[-\w]+: [^\r\n]*\r\n)*\r\n")
FIX_LENGTH = 0.75  # how often a mutated frame's length is made true again: else few get past it


class Dirty(AssertionError):
    """The door sent bytes that are not its protocol's."""


def frames_of(name: str) -> list[bytes]:
    """Captured frames, one a line in hexadecimal."""
    file = CORPUS / f"{name}.hex"
    return [bytes.fromhex(line) for line in file.read_text().split()] if file.exists() else []


class Kafka:
    """Frames begin with their length."""

    name = endpoint = "kafka"
    greeting: tuple[bytes, ...] = ()

    def __init__(self) -> None:
        self.frames = frames_of(self.name)
        self.bodies = [frame[4:] for frame in self.frames]

    def make_door(self) -> Callable[..., Any]:
        return kafka

    def hostile(self, chance: random.Random) -> bytes:
        if chance.random() < FIX_LENGTH:
            body = mutate(chance, chance.choice(self.bodies), self.bodies)
            return len(body).to_bytes(4, "big") + body
        return mutate(chance, chance.choice(self.frames), self.frames)

    def check(self, out: bytes) -> None:
        """Whole frames, each at least a correlation id."""
        at = 0
        while at < len(out):
            length = int.from_bytes(out[at : at + 4], "big")
            if length < 4 or at + 4 + length > len(out):
                raise Dirty(out[at : at + 64].hex())
            at += 4 + length


class Amqp:
    """Frames are kind, channel, length, payload, 0xCE; the first eight bytes are a header."""

    name = endpoint = "amqp"

    def __init__(self) -> None:
        self.frames = frames_of(self.name)
        self.payloads = [frame[7:-1] for frame in self.frames]
        # Handshake and a channel, as the first captured connection had them.
        self.greeting = (AMQP_HEADER, *self.frames[:4])

    def make_door(self) -> Callable[..., Any]:
        return amqp

    def hostile(self, chance: random.Random) -> bytes:
        if chance.random() < FIX_LENGTH:
            index = chance.randrange(len(self.frames))
            payload = mutate(chance, self.payloads[index] or b"\0", self.frames)
            head = self.frames[index][:3] + len(payload).to_bytes(4, "big")
            return head + payload + bytes([AMQP_END])
        return mutate(chance, chance.choice(self.frames), self.frames)

    def check(self, out: bytes) -> None:
        """Whole frames, or the header that refuses another protocol."""
        at = 0
        while at < len(out):
            if out.startswith(AMQP_HEADER, at):
                at += len(AMQP_HEADER)
                continue
            length = int.from_bytes(out[at + 3 : at + 7], "big")
            end = at + 7 + length
            if out[at] not in AMQP_KINDS or end >= len(out) or out[end] != AMQP_END:
                raise Dirty(out[at : at + 64].hex())
            if out.startswith(AMQP_FAULT, at + 7):
                raise Dirty(f"the door met a fault of its own: {out[at + 7 : end]!r}")
            at = end + 1


class Http:
    """A head, an empty line, a body whose length the head tells."""

    name = "http"
    endpoint = "sqs"
    greeting: tuple[bytes, ...] = ()

    def __init__(self) -> None:
        self.frames = frames_of(self.name)

    def make_door(self) -> Callable[..., Any]:
        admin = AdminFace(Access({}, is_open=True))
        return door_maker(lambda: Table([Playground(), HealthFace(list), admin]))

    def hostile(self, chance: random.Random) -> bytes:
        frame = chance.choice(self.frames)
        if chance.random() >= FIX_LENGTH:
            return mutate(chance, frame, self.frames)
        head, _, body = frame.partition(b"\r\n\r\n")
        if body and chance.random() < 0.5:
            body = mutate(chance, body, self.frames)
        else:
            head = mutate(chance, head, self.frames)
        return LENGTH.sub(b"\\g<1>%d" % len(body), head) + b"\r\n\r\n" + body

    def check(self, out: bytes) -> None:
        """Whole answers: a status line, a length, as many bytes; or the one that says go on."""
        at = 0
        while at < len(out):
            answer = ANSWER.match(out, at)
            if answer is None:
                raise Dirty(out[at : at + 64].hex())
            if answer[1] == b"500":
                raise Dirty(f"the door met a fault of its own: {out[at : at + 500]!r}")
            length = LENGTH.search(answer[0])
            at = answer.end() + (int(length[2]) if length else 0)
        if at > len(out):
            raise Dirty(out.hex())


class Sqs(Http):
    """Requests that botocore made, to SQS in both of its protocols and to SNS."""

    name = "sqs"

    def make_door(self) -> Callable[..., Any]:
        return door_maker(lambda: Table([SnsFace(), SqsFace(is_strict=False), LocalstackFace()]))


class EventGrid(Http):
    """Requests of the clients of the data plane and of the management of resources; half of the bodies stay JSON."""

    name = "eventgrid"

    def make_door(self) -> Callable[..., Any]:
        return door_maker(lambda: Table([EventGridFace({}, is_open=True)]))

    def hostile(self, chance: random.Random) -> bytes:
        if chance.random() < 0.5:
            return super().hostile(chance)
        head, _, raw = chance.choice(self.frames).partition(b"\r\n\r\n")
        try:
            body = json.dumps(other_value(chance, json.loads(raw))).encode()
        except ValueError:
            body = raw
        return LENGTH.sub(b"\\g<1>%d" % len(body), head) + b"\r\n\r\n" + body


class Amqp10:
    """Frames of Service Bus's client begin with their length; the first eight bytes are a header."""

    name = "servicebus"
    endpoint = "amqp"
    source = "orders"  # of a link to receive

    def __init__(self) -> None:
        self.frames = frames_of(self.name)
        # All links of the first captured connection and one to receive; what it claims it has claimed already.
        end = next(at for at, each in enumerate(self.frames) if each[8:11] == DETACH_CODE)
        said = [each for each in self.frames[:end] if each[5] == 0 and each[8:11] != TRANSFER_CODE]
        said.append(frame(1, Attach("receives", 6, True, source=Source(self.source))))
        flow = Flow(
            incoming_window=9, next_outgoing_id=0, outgoing_window=9, handle=6, link_credit=5
        )
        first = AMQP10_HEADER + said[0]
        self.greeting: tuple[bytes, ...] = (first, b"".join(said[1:]) + frame(1, flow))
        for each in self.frames:  # once, so that no first time is taken for a stall
            from_bytes(each, each[4] * 4)

    def make_door(self) -> Callable[..., Any]:
        profiles: list[Profile] = [ServiceBusProfile(), GenericProfile()]

        def make(session: Any, connection: Any) -> Amqp10Door:
            if not session.submit(ListQueues()):
                for command in ENTITIES:
                    session.submit(command)
            door = Amqp10Door(session, connection, profiles)
            door._peer.claims["sb://127.0.0.1/"] = 0
            return door

        return make

    def hostile(self, chance: random.Random) -> bytes:
        chosen = chance.choice(self.frames)
        if chance.random() < FIX_LENGTH:
            body = mutate(chance, chosen[8:], self.frames)
            return (8 + len(body)).to_bytes(4, "big") + chosen[4:8] + body
        return mutate(chance, chosen, self.frames)

    def check(self, out: bytes) -> None:
        """Whole frames whose performatives can be read, or headers."""
        at = 0
        while at < len(out):
            if out.startswith(b"AMQP", at):
                at += 8
                continue
            end = at + int.from_bytes(out[at : at + 4], "big")
            if end < at + 8 or end > len(out):
                raise Dirty(out[at : at + 64].hex())
            if end > at + 8:
                from_bytes(out, at + 8)
            if AMQP10_FAULT in out[at:end]:
                raise Dirty(f"the door met a fault of its own: {out[at:end]!r}")
            at = end


class EventHubs(Amqp10):
    """The same of Event Hubs' client."""

    name = "eventhubs"
    source = "hub/ConsumerGroups/$Default/Partitions/0"

    def make_door(self) -> Callable[..., Any]:
        profiles: list[Profile] = [EventHubsProfile(creates=True), GenericProfile()]
        return lambda session, connection: Amqp10Door(session, connection, profiles)


class Amqp10Random(Amqp10):
    """Frames that nobody captured: any performative, any values, where there are users; and the handshake with that."""

    def __init__(self) -> None:
        super().__init__()
        self._dialogue = [AMQP10_HEADER, SASL_HEADER, *map(sasl_frame, LOGINS)]

    def make_door(self) -> Callable[..., Any]:
        profiles: list[Profile] = [EventHubsProfile(creates=True), GenericProfile()]

        def make(session: Any, connection: Any) -> Amqp10Door:
            if not session.submit(ListQueues()):
                for command in ENTITIES:
                    session.submit(command)
            return Amqp10Door(session, connection, profiles)

        return make

    def hostile(self, chance: random.Random) -> bytes:
        if chance.random() < 0.01:
            chosen = chance.choice(self._dialogue)
            return chosen if chance.random() < 0.7 else mutate(chance, chosen, self._dialogue)
        if chance.random() < 0.9:
            payload = chance.choice(self.frames)[40:] if chance.random() < 0.5 else b""
            return frame(chance.choice((0, 1, 1, 1, 2)), _any_performative(chance), payload)
        code = chance.choice((*range(0x10, 0x19), *range(0x10, 0x19), 0x40, 0x41, 0x77))
        fields = [_any_value(chance, 3) for _ in range(chance.randrange(12))]
        body = encode(Described(ULong(code), fields)) + chance.randbytes(chance.randrange(40))
        channel = chance.choice((0, 0, 0, 1, 2, 65_535))
        return (8 + len(body)).to_bytes(4, "big") + b"\2\0" + channel.to_bytes(2, "big") + body


def _any_performative(chance: random.Random) -> Any:
    """One whose fields are of their types, and that makes sense now and then."""
    numbers = [chance.choice((0, 1, 2, 3, 4, 5, 6, 6, 7, 9, 1_000, 1 << 31)) for _ in range(4)]
    first, second, third, handle = numbers
    state = chance.choice((None, ACCEPTED, RELEASED, Rejected(), Modified(True), Declared(b"t")))
    address = chance.choice(("orders", "$cbs", "$management", "/queues/orders", "hub", "", None))
    flag, other, role = (chance.random() < 0.3 for _ in range(3))
    match chance.randrange(16):
        case 0:
            begin = Begin(next_outgoing_id=first, incoming_window=second, outgoing_window=third)
            return chance.choice((begin, begin, End(), Close()))
        case 1 | 2:
            source, target = Source(address, dynamic=flag), Target(address, dynamic=other)
            return Attach(f"l{first}", handle, role, second % 4, third % 3, source, target)
        case 3:
            return Detach(handle, flag)
        case 4 | 5 | 6 | 7:
            said = Flow(incoming_window=first, next_outgoing_id=second, outgoing_window=third)
            said.handle = None if flag else handle
            said.link_credit, said.delivery_count = first, third
            said.drain, said.echo, said.next_incoming_id = other, role, second
            return said
        case 8 | 9 | 10 | 11:
            return Disposition(not flag, first, second, other, state)
        case _:
            tag = None if flag else b"%d" % second
            return Transfer(handle, first, tag, 0, other, role, None, state, aborted=first == 9)


def _any_value(chance: random.Random, depth: int) -> Any:
    """A value of AMQP 1.0, small numbers and known names more often than others."""
    if depth and chance.random() < 0.2:
        count = chance.randrange(4)
        if chance.random() < 0.4:
            return [_any_value(chance, depth - 1) for _ in range(count)]
        if chance.random() < 0.5:
            return {Symbol(f"x{at}"): _any_value(chance, depth - 1) for at in range(count)}
        code = chance.choice((*range(0x23, 0x36), 0x70, 0x1370000006))
        return Described(ULong(code), [_any_value(chance, depth - 1) for _ in range(count)])
    return chance.choice(
        (
            *(None, None, True, False, UInt(0), UInt(1), UInt(5), UInt(0xFFFF_FFFF)),
            *(UByte(0), UByte(2), UShort(7), ULong(0), 0, -1, Int(9), 1.5, b"", b"t", b"x" * 40),
            *("orders", "$cbs", "$management", "/queues/orders", "hub", "", Symbol("x")),
            Array(Symbol, [Symbol("a"), Symbol("b")]),
        )
    )


class Pubsub:
    """Calls over HTTP/2: a head in one frame, messages in others. Every call has a stream of its own."""

    name = endpoint = "pubsub"

    def __init__(self) -> None:
        self._captured = frames_of(self.name)
        self._calls = [self._parts(frame) for frame in self._captured]
        self._stream = 1
        self.is_over = False  # it was told to go, and is not heard any more
        self.frames = self._captured
        preface = http2.PREFACE + http2.frame(http2.SETTINGS, 0, 0, b"")
        self.greeting = (preface, b"".join(self._numbered(*parts) for parts in self._calls[:2]))

    def _parts(self, captured: bytes) -> tuple[bytes, bytes, int]:
        """(header block, messages, flags of the last frame)."""
        end = 9 + int.from_bytes(captured[:3], "big")
        return captured[9:end], captured[end + 9 :], captured[end + 4]

    def _numbered(self, block: bytes, body: bytes, flags: int) -> bytes:
        self._stream += 2
        head = http2.frame(http2.HEADERS, http2.END_HEADERS, self._stream, block)
        return head + http2.frame(http2.DATA, flags, self._stream, body)

    def make_door(self) -> Callable[..., Any]:
        services: list[Any] = [*pubsub(), *reflections(list), HealthService(list, lambda: True)]
        return grpc(lambda: Methods(services), lambda: Table([HealthFace(list)]))

    def honest(self, chance: random.Random) -> bytes:
        """A call as it was captured, on a stream of its own."""
        return self._numbered(*chance.choice(self._calls))

    def hostile(self, chance: random.Random) -> bytes:
        block, body, flags = chance.choice(self._calls)
        kind = chance.random()
        if kind < 0.35:  # a message that is something else, its length true
            inner = mutate(chance, body[5:] or b"\0", self._captured)
            body = b"\0" + len(inner).to_bytes(4, "big") + inner
        elif kind < 0.5:
            body = mutate(chance, body, self._captured)
        elif kind < 0.65:
            block = mutate(chance, block, self._captured)
        elif kind < 0.75:
            block = block.replace(b"\x0359S", b"\x03" + chance.choice(TIMEOUTS))
        elif kind < 0.85:
            return self._numbered(block, body, flags) + self._odd(chance)
        elif kind < 0.96:
            return self._odd(chance)
        else:
            return mutate(chance, self._numbered(block, body, flags), self._captured)
        return self._numbered(block, body, flags)

    def _odd(self, chance: random.Random) -> bytes:
        """A frame of any kind on the last stream, or on any."""
        stream = chance.choice((self._stream, 0, self._stream + 2, chance.getrandbits(31)))
        payload = chance.choice((b"", bytes(4), b"\0\0\0\x08", chance.randbytes(8)))
        return http2.frame(chance.randrange(12), chance.getrandbits(8), stream, payload)

    def check(self, out: bytes) -> None:
        """Whole frames of kinds that a server sends; no word of a fault."""
        at = 0
        while at < len(out):
            end = at + 9 + int.from_bytes(out[at : at + 3], "big")
            if end > len(out) or out[at + 3] not in HTTP2_KINDS:
                raise Dirty(out[at : at + 64].hex())
            is_fault = out[at + 3] == http2.GOAWAY and out[at + 13 : at + 17] == HTTP2_FAULT
            if is_fault or GRPC_FAULT in out[at:end]:
                raise Dirty(f"the door met a fault of its own: {out[at:end]!r}")
            self.is_over = self.is_over or out[at + 3] == http2.GOAWAY
            at = end


DOORS: dict[str, Callable[[], Any]] = {
    "pubsub": Pubsub,
    "amqp10": Amqp10,
    "kafka": Kafka,
    "amqp": Amqp,
    "http": Http,
    "sqs": Sqs,
    "eventgrid": EventGrid,
    "eventhubs": EventHubs,
    "amqp10-random": Amqp10Random,
}
