"""What a service over AMQP 1.0 provides, and what it is given: the contract between the engine and a profile.

    open          Profile.welcome                    what our open says
    attach        Profile.sink, source, service      which node an address is, and on which terms; None: not mine
    transfer      Sink.take -> [Intake]              what messages become: one kernel command for a run of them
    credit        Source.flow                        what may be sent from now on
    delivery      Spelling.spell -> [payload]        how stored entries are shown
    disposition   Spelling.judge -> Verdict          what the client's outcome means to the kernel
    request       Service.ask -> Answer              request and response over two links ($cbs, $management)
    refusal       Profile.error_of                   a kernel error in the service's words

Profiles are asked in order, the generic one last, link by link: one connection may attach a Service Bus queue and an
event hub. The engine owns everything that is AMQP's and no service's: windows, handles, credit and drain, tags,
unsettled deliveries, ranges of dispositions, transactions, who may speak before it has proved who it is.

A profile is sans-IO and never waits. Whatever it raises: `Refused` and KernelError refuse the link (or the transfer, or
the request) in the service's words; anything else is a fault of ours and ends the connection alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import msgspec

from dragoman.doors.shared.amqp10.addresses import covers
from dragoman.kernel.api import (
    ANONYMOUS,
    DEFAULT_NAMESPACE,
    Block,
    Connection,
    Delivery,
    Outcome,
    Publish,
    Session,
)
from dragoman.model.errors import KernelError
from dragoman.model.levels import APPLIED
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.messaging import (
    RELEASED,
    DeliveryState,
    Properties,
)
from dragoman.wire.amqp10.performatives import Attach, Open

MESSAGE_BYTES_MAX: Final = 16 << 20  # of one delivery, where a profile says nothing else
CREDIT: Final[int] = 1_000  # given to a client that sends, kept up as its messages are answered


class Refused(Exception):
    """A refusal in the protocol's words, for whatever asked."""

    def __init__(
        self, condition: str, description: str, info: dict[Any, Any] | None = None
    ) -> None:
        super().__init__(condition, description)
        self.error = Error(condition, description, info)


class Peer:
    """One connection's client, as a profile may know it.

    principal   who it has proved to be by SASL; None nobody yet
    speaker     whom its session speaks for, by SASL or by a token
    mechanism   of SASL; empty when it spoke none
    open        its open; not there before
    namespace   the kernel's, of all nodes of this connection; `Profile.welcome` may choose another
    claims      audiences proved to `$cbs`, each with the wall time in ms until which that holds; 0 for ever
    notes       what profiles remember of the connection, each under its own name
    """

    __slots__ = (
        "claims",
        "connection",
        "mechanism",
        "namespace",
        "notes",
        "open",
        "principal",
        "session",
        "speaker",
    )

    def __init__(self, session: Session, connection: Connection) -> None:
        self.session = session
        self.connection = connection
        self.open = Open("")
        self.mechanism = ""
        self.principal: str | None = None
        self.speaker = ANONYMOUS
        self.namespace = DEFAULT_NAMESPACE
        self.claims: dict[str, int] = {}
        self.notes: dict[str, Any] = {}

    def log_in(self, principal: str | None) -> None:
        """By SASL; None is nobody yet."""
        self.principal = principal
        self.speak_as(principal or ANONYMOUS)

    def speak_as(self, speaker: str) -> None:
        """Its session speaks for a principal, or for the key that a token was signed with."""
        self.speaker = speaker
        self.session.act_as(speaker, self.connection.peer[0])

    def may_use(self, address: str) -> bool:
        """Whether it has proved that it may use a node."""
        if self.principal is not None or self.session.node().is_open():
            return True
        now_ms = self.session.wall_ms()
        return any(
            (not until_ms or now_ms < until_ms) and covers(audience, address)
            for audience, until_ms in self.claims.items()
        )


class Welcome(msgspec.Struct):
    """What our open says beyond the engine's own."""

    properties: dict[Any, Any] = {}
    offered_capabilities: tuple[str, ...] = ()


class Terms(msgspec.Struct):
    """How an attach is answered. None, or empty, repeats what the client said.

    source, target      composites of `wire.amqp10.messaging`, as they really are (dynamic addresses, filters in force)
    message_bytes_max   of one delivery to us; 0 says nothing (a source), or takes MESSAGE_BYTES_MAX (a sink)
    taken_bytes_max     up to here one that is larger is taken, for the sink to refuse it alone; beyond, the link goes
    properties          of the link; names are symbols
    """

    source: Any = None
    target: Any = None
    snd_settle_mode: int | None = None
    rcv_settle_mode: int | None = None
    message_bytes_max: int = 0
    taken_bytes_max: int = 0
    offered_capabilities: tuple[str, ...] = ()
    properties: dict[Any, Any] = {}


# --- a client that sends ---


class Incoming:
    """One delivery, whole. `payload` is the message as it was sent: sections, of `format` (0, or a batch's)."""

    __slots__ = ("format", "payload", "settled", "tag")

    def __init__(self, tag: bytes, format: int, payload: bytes, settled: bool) -> None:
        self.tag = tag
        self.format = format
        self.payload = payload
        self.settled = settled


class Intake:
    """What the next `count` deliveries of a run become: one publish, or at once the outcome `state`.

    An outcome leaves once the journal's `position` has reached `level`.

    Each delivery is one body of the command, unless `is_batch`: then one delivery is all its bodies, and refused as a
    whole. `unrouted` is the outcome of what no stream takes. What is refused for want of room is rejected.
    """

    __slots__ = ("command", "count", "is_batch", "level", "position", "state", "unrouted")

    def __init__(
        self,
        count: int,
        command: Publish | None = None,
        state: DeliveryState = None,
        *,
        is_batch: bool = False,
        unrouted: DeliveryState = RELEASED,
    ) -> None:
        assert (command is None) == (state is not None), "a command, or an outcome"
        self.count = count
        self.command = command
        self.state = state
        self.is_batch = is_batch
        self.unrouted = unrouted
        self.position: int = 0
        self.level: int = APPLIED


class Sink(Protocol):
    """Where a client's link sends to. `credit` is kept up by the engine."""

    terms: Terms
    credit: int

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """What deliveries that came back to back become, in order and all of them: counts add up to the run's length.

        Raises Refused and KernelError: the link is detached, and nothing of the run is done. A single delivery that is
        no good has an Intake with a Rejected.
        """
        ...

    def close(self) -> None:
        """The link is gone."""
        ...


# --- a client that receives ---


class Handout:
    """Messages start <= o < end of one block, about to be shown on one link: from a lease, or read by a cursor.

    entries    stored form AMQP10 of each, whatever protocol brought them (`formats.amqp10`)
    fails      how many attempts at each have failed; None when there was none
    delivery   the lease's; None for a cursor
    """

    __slots__ = ("block", "delivery", "end", "entries", "fails", "partition", "start")

    def __init__(
        self,
        block: Block,
        partition: int,
        start: int,
        entries: list[bytes],
        delivery: Delivery | None,
    ) -> None:
        self.block = block
        self.partition = partition
        self.start = start
        self.end = start + len(entries)
        self.entries = entries
        self.delivery = delivery
        self.fails = None if delivery is None else delivery.fails


class Verdict(msgspec.Struct, frozen=True):
    """What a client's outcome means: the fields are `kernel.api.Settle`'s."""

    outcome: Outcome
    failed: bool = False
    delay_ms: int = 0
    reason: str = ""
    text: str = ""
    headers: dict[str, object] | None = None


class Spelling(Protocol):
    """How a source's messages are shown, and what becomes of them.

    gives_back    whether what is unsettled is ready again once its link is closed; else its lease runs to its end
    """

    gives_back: bool

    def spell(self, handout: Handout) -> Sequence[bytes]:
        """Each message as it is to be sent: header, annotations, the bare message."""
        ...

    def tags(self, handout: Handout) -> Sequence[bytes] | None:
        """A delivery tag for each; None lets the engine count."""
        ...

    def judge(self, state: DeliveryState) -> Verdict | None:
        """What an outcome means; None leaves the delivery as it is (no outcome yet)."""
        ...

    def echo(self, state: DeliveryState) -> DeliveryState:
        """What a client is told that leaves it to us to settle, with `state`, what it holds."""
        ...

    def lost(self, state: DeliveryState) -> DeliveryState:
        """What a client is told that settles, with `state`, what it does not hold any more."""
        ...


class Outlet(Protocol):
    """A link to a client, as its source sees it."""

    peer: Peer

    def send(self, handout: Handout) -> None:
        """Send messages, now or once the session's window lets them: never more than `Source.flow` allowed."""
        ...

    def room(self) -> int:
        """How many more messages may be handed to `send` without being kept waiting."""
        ...

    def is_crowded(self) -> bool:
        """Whether enough is read for this turn; the source's `progressed` is called again in another."""
        ...

    def look_again(self) -> None:
        """Ask for `Source.progressed` in another turn: there is too much to go through for this one."""
        ...

    def credit(self) -> int:
        """How many more messages the client takes."""
        ...

    def detach(self, error: Error) -> None:
        """End the link: its node is gone, or was taken by somebody else."""
        ...


class Source(Protocol):
    """Where a client's link receives from. `LeasedSource` and `CursorSource` are what profiles mostly need.

    follows    whether it is to be told that a watched stream has grown, or the journal has come further
    """

    follows: bool
    terms: Terms
    spelling: Spelling

    def open(self, outlet: Outlet) -> None:
        """The attach is answered; nothing may be sent before `flow`. Raises Refused and KernelError."""
        ...

    def flow(self, credit: int, *, drain: bool, properties: Mapping[Any, Any] | None) -> None:
        """From now on `credit` more messages may be sent; with `drain` only what is there now."""
        ...

    def left(self) -> int | None:
        """While draining, once everything that was there has been sent: how much credit is left over; else None."""
        ...

    def deliver(self, delivery: Delivery) -> None:
        """Messages for a holder whose tag this source is."""
        ...

    def progressed(self) -> None:
        """A watched stream has grown, the journal has come further, or there is room again."""
        ...

    def close(self) -> None:
        """The link is gone. What it had leased is given back by the engine, as `Spelling.gives_back` says."""
        ...


@runtime_checkable
class PromisedSource(Protocol):
    """A source that the kernel has promised something by a ticket (`kernel.api.ConnectionDoor.answered`)."""

    ticket: int

    def answered(self, result: object) -> None:
        """The promise is kept."""
        ...


@runtime_checkable
class PendingSource(Protocol):
    """An attach that is answered later: a session that somebody waits for. Cancelled with its link."""

    deadline_ms: int | None
    """Elapsed time; None never."""

    def ask(self) -> Source | None:
        """Asked when a watched stream has grown, and now and then; raises as `Profile.source` does."""
        ...

    def expire(self) -> Error:
        """The deadline has come: what the link is refused with."""
        ...


# --- requests ---


class Request:
    """A message to a service.

    properties     typed: `message_id` keeps the type in which the answer's correlation-id must repeat it
    application    application-properties
    body           the amqp-value, or the bytes of its data sections; None of anything else
    link_name, link_properties    of the link on which it came
    """

    __slots__ = ("application", "body", "link_name", "link_properties", "properties")

    def __init__(
        self,
        properties: Properties,
        application: Mapping[str, Any],
        body: Any,
        link_name: str,
        link_properties: Mapping[Any, Any],
    ) -> None:
        self.properties = properties
        self.application = application
        self.body = body
        self.link_name = link_name
        self.link_properties = link_properties


class Answer:
    """What a service answers: an amqp-value, or nothing when `body` is Answer.EMPTY. It leaves once the journal's
    `position` has reached `level`, and `delay_ms` after the one before it.
    """

    EMPTY: Final = object()
    __slots__ = ("application", "body", "delay_ms", "level", "position", "subject")

    def __init__(
        self,
        application: dict[str, Any],
        body: Any = EMPTY,
        *,
        subject: str | None = None,
        position: int = 0,
        level: int = APPLIED,
    ) -> None:
        self.application = application
        self.body = body
        self.subject = subject
        self.position = position
        self.level = level
        self.delay_ms: int = 0


class Service(Protocol):
    """A node that answers requests. The engine finds the link on which the answer goes: the one that has the request's
    reply-to for its name, or for the address of its target.

    is_open   whether it answers those who have not proved who they are: `$cbs` must
    """

    is_open: bool

    def ask(self, peer: Peer, request: Request) -> Answer:
        """Raises nothing: a refusal is an answer, too, in the service's own words."""
        ...


# --- all of it ---


class Profile(Protocol):
    """One service over AMQP 1.0. Addresses are as the client wrote them: see `addresses.path_of`."""

    name: str

    def welcome(self, peer: Peer) -> Welcome | None:
        """What our open is to say to this client; None has nothing to say. The first answer that is one is taken."""
        ...

    def service(self, peer: Peer, address: str) -> Service | None:
        """The request node of that address, if there is one."""
        ...

    def sink(self, peer: Peer, attach: Attach) -> Sink | None:
        """Where `attach.target` leads, None when the address is no business of this profile. Raises Refused and
        KernelError.
        """
        ...

    def source(self, peer: Peer, attach: Attach) -> "Source | PendingSource | None":
        """As `sink`, for `attach.source`."""
        ...

    def error_of(self, error: KernelError) -> Error:
        """What a client is told of a kernel error; `errors.error_of` knows what most are called."""
        ...
