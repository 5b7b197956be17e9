"""What can be asked of the kernel. Plain data in; the reply's shape is named in each docstring.

Hot commands (`Publish`, `Settle`) are plain slotted classes made once per batch; the rest are frozen structs. Names of
namespaces, streams and routes are text; ids are the kernel's own numbers, never reused.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from dragoman.kernel.settings import (
    Address,
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)

DEFAULT_NAMESPACE: Final = "default"
ANY_PARTITION: Final = -1


class Producer:
    """Who wrote a batch, for idempotence and transactions: `sequence` is the batch's first, `count` its length."""

    __slots__ = ("count", "epoch", "id", "sequence", "transactional")

    def __init__(self, id: int, epoch: int, sequence: int, count: int, transactional: bool) -> None:
        self.id = id
        self.epoch = epoch
        self.sequence = sequence
        self.count = count
        self.transactional = transactional


class Publish:
    """Append messages where `address` leads; all or none of them. Reply: `Published`.

    bodies      one stored entry each, in `format`
    packed      0: each body is one message; n > 0: the single body is a batch of n messages (a Kafka record batch)
    persistent  wait for the stream's synced level if the stream is durable; else the door decides by `level`
    level       what the confirm must wait for at least (-1: the stream's own)
    expires_ms  wall time per body, 0 never; None when none expires
    priorities  per body; None when all are 0
    keys        ordering key or session per body; None when none has one
    due_ms      wall time at which to publish (one for the whole batch); 0 now
    further_keys  more keys that a route goes by as well, each target once (AMQP's CC and BCC)
    latest_ms   the newest time its senders put on a message of the batch; 0: the time of storing
    """

    __slots__ = (
        "address",
        "bodies",
        "control",
        "dedup",
        "due_ms",
        "expires_ms",
        "format",
        "further_keys",
        "hops",
        "keys",
        "latest_ms",
        "level",
        "namespace",
        "packed",
        "partition",
        "priorities",
        "producer",
    )

    def __init__(self, namespace: str, address: Address, format: int, bodies: list[bytes]) -> None:
        self.namespace = namespace
        self.address = address
        self.format = format
        self.bodies = bodies
        self.partition: int = ANY_PARTITION
        self.packed: int = 0
        self.level: int = -1
        self.hops: int = 0
        self.due_ms: int = 0
        self.latest_ms: int = 0
        self.control: bool = False
        self.further_keys: tuple[str, ...] = ()
        self.expires_ms: list[int] | None = None
        self.priorities: list[int] | None = None
        self.keys: list[bytes] | None = None
        self.dedup: list[str] | None = None
        self.producer: Producer | None = None


Outcome = Literal["ack", "release", "reject", "defer"]


class Settle:
    """Say what became of leased messages. Reply: `Settled`.

    runs are half-open offset ranges of one partition. Offsets that `holder` no longer holds are skipped and counted;
    with `strict` their presence raises LeaseExpired and nothing is settled.

    release     ready again, at its place; `failed` counts against attempts_max; `delay_ms` < 0 takes the policy's
    reject      never again here: dead-lettered if the subscription says so, else dropped
    text        what the reader says of the messages, for those that are dead-lettered
    attempts    with ack, per message: how often it had been leased when its reader got it. One that has come back
                since, and was not handed out again, is settled all the same
    """

    __slots__ = (
        "attempts",
        "delay_ms",
        "failed",
        "holder",
        "outcome",
        "partition",
        "reason",
        "runs",
        "strict",
        "subscription",
        "text",
    )

    def __init__(
        self,
        subscription: int,
        partition: int,
        holder: int,
        runs: list[tuple[int, int]],
        outcome: Outcome,
    ) -> None:
        self.subscription = subscription
        self.partition = partition
        self.holder = holder
        self.runs = runs
        self.outcome: Outcome = outcome
        self.failed: bool = False
        self.delay_ms: int = -1
        self.strict: bool = False
        self.reason: str = ""
        self.text: str = ""
        self.attempts: list[int] | None = None


class _Command(msgspec.Struct, frozen=True, kw_only=True):
    """Root of cold commands: which namespace."""

    namespace: str = DEFAULT_NAMESPACE


class CreateStream(_Command, frozen=True, kw_only=True):
    """Make a stream. Reply: `StreamInfo`. Raises AlreadyExists (unless `attach`), InvalidArgument."""

    name: str
    settings: StreamSettings = StreamSettings()
    attach: bool = False  # an existing one will do, whatever its settings


class AlterStream(_Command, frozen=True, kw_only=True):
    """Change settings; partitions may only grow. Reply: `StreamInfo`. Raises StreamNotFound, InvalidArgument, InUse."""

    name: str
    settings: StreamSettings


class DeleteStream(_Command, frozen=True, kw_only=True):
    """Delete a stream with every subscription and binding to it. Reply: `StreamInfo` as it was."""

    name: str


class DeclareQueue(_Command, frozen=True, kw_only=True):
    """Make a stream (or attach to it) and the leased subscription of the same name. Reply: `QueueInfo`.

    An existing queue is returned as it is; the door compares `notes` and settings by its protocol's rules.
    `stream` are the settings for a stream that does not exist yet. Raises StreamNotFound or SubscriptionNotFound
    (passive), ResourceLocked (exclusive to another session).
    """

    name: str
    settings: SubscriptionSettings = SubscriptionSettings()
    stream: StreamSettings = StreamSettings()
    passive: bool = False


class DeleteQueue(_Command, frozen=True, kw_only=True):
    """Delete the queue's subscription, and its stream if it owns it. Reply: `QueueInfo` as it was.

    Raises SubscriptionNotFound, InUse (if_unused), NotEmpty (if_empty), ResourceLocked.
    """

    name: str
    if_unused: bool = False
    if_empty: bool = False


class PurgeQueue(_Command, frozen=True, kw_only=True):
    """Drop messages of a queue, or of another subscription, for itself. Reply: `int`, how many.

    mode: ready only (RabbitMQ), all (SQS), created before `before_ms` (Cloud Tasks). Raises SubscriptionNotFound.
    """

    name: str
    subscription: str = ""
    mode: Literal["ready", "all", "before"] = "ready"
    before_ms: int = 0


class DeclareRoute(_Command, frozen=True, kw_only=True):
    """Make a route. Reply: `RouteInfo`; an existing one is returned as it is. Raises RouteNotFound (passive)."""

    name: str
    settings: RouteSettings = RouteSettings()
    passive: bool = False


class DeleteRoute(_Command, frozen=True, kw_only=True):
    """Delete a route and its bindings. Reply: None. Raises RouteNotFound, InUse (if_unused)."""

    name: str
    if_unused: bool = False


class Bind(_Command, frozen=True, kw_only=True):
    """Make a route hand on to a queue's stream or a route; idempotent by (route, target, key, arguments). Reply: None.

    Raises RouteNotFound, StreamNotFound, InvalidArgument, ResourceLocked.
    """

    route: str
    target: str
    to_route: bool = False
    binding: BindingSettings = BindingSettings()


class Unbind(_Command, frozen=True, kw_only=True):
    """Undo a Bind; absent is fine. Reply: None. Raises RouteNotFound, StreamNotFound."""

    route: str
    target: str
    to_route: bool = False
    binding: BindingSettings = BindingSettings()


class Consume(_Command, frozen=True, kw_only=True):
    """Register a consumer that is handed messages as they come. Reply: `Holder`.

    tag             the door's own, given back with each delivery
    credit_max      messages it may hold at once; 0 no limit
    metered         instead: how many more it is handed, whatever it holds; 0 none, until `SetCredit` allows some
    pool            a further limit shared with other consumers of the session: an id from `OpenPool`; 0 none
    no_ack          done when handed over
    once            ends as if cancelled with the turn that hands it something, all of which comes by one `deliver`: a
                    receive that waits for its first messages
    Raises SubscriptionNotFound, ResourceLocked (exclusive).
    """

    name: str
    subscription: str = ""  # empty: the queue of that name
    tag: Any = None
    credit_max: int = 0
    metered: bool = False
    pool: int = 0
    no_ack: bool = False
    exclusive: bool = False
    priority: int = 0
    lease_duration_ms: int = 0  # 0: bound to the connection
    once: bool = False


class Cancel(_Command, frozen=True, kw_only=True):
    """End a consumer; what it holds stays leased until settled or its session closes. Reply: None."""

    holder: int


class Lease(_Command, frozen=True, kw_only=True):
    """Take up to `count_max` messages now. Reply: `list[Delivery]`, empty when none is ready.

    lease_duration_ms 0 binds the lease to the session (basic.get); no_ack means done at once. `within` is the holder of
    an accepted session (`AcceptSession`), which then holds the messages. `partition` is the only one to take from.
    `bytes_max` (0 no limit) ends what is taken behind the message that reaches it.
    Raises SubscriptionNotFound, ResourceLocked, LeaseExpired (`within`), InvalidArgument, QuotaExceeded (`leased_max`
    messages are held; where some may still be, so many are taken).
    """

    name: str
    subscription: str = ""
    count_max: int = 1
    no_ack: bool = False
    lease_duration_ms: int = 0
    tag: Any = None
    within: int = 0
    partition: int = ANY_PARTITION
    bytes_max: int = 0


class Read(_Command, frozen=True, kw_only=True):
    """Read entries of a partition from an offset. Reply: `Extract`. Raises StreamNotFound, PartitionNotFound,
    OffsetOutOfRange. `bytes_max` is soft: the first entry comes whole.
    """

    name: str
    partition: int = 0
    offset: int = 0
    bytes_max: int = 1 << 20
    isolated: bool = False  # stop at the last stable offset


class DescribeStream(_Command, frozen=True, kw_only=True):
    """Reply: `StreamInfo`. Raises StreamNotFound."""

    name: str


class FindStream(_Command, frozen=True, kw_only=True):
    """Find a stream by its uuid (16 bytes) or its name, cheaply. Reply: `StreamHead`. Raises StreamNotFound."""

    uuid: bytes = b""
    name: str = ""


class FindQueue(_Command, frozen=True, kw_only=True):
    """Find a queue, or another subscription of the stream `name`, cheaply. Reply: `QueueHead`.

    Raises SubscriptionNotFound, ResourceLocked.
    """

    name: str
    subscription: str = ""


class DescribeQueue(_Command, frozen=True, kw_only=True):
    """Reply: `QueueInfo`, of the queue or another subscription of the stream. Raises SubscriptionNotFound."""

    name: str
    subscription: str = ""


class ListStreams(_Command, frozen=True, kw_only=True):
    """Reply: `list[StreamInfo]`, by name."""


class ListQueues(_Command, frozen=True, kw_only=True):
    """Reply: `list[QueueInfo]`, by name."""


class ListRoutes(_Command, frozen=True, kw_only=True):
    """Reply: `list[RouteInfo]`, by name."""


class TrimStream(_Command, frozen=True, kw_only=True):
    """Drop entries below an offset of a partition (delete records). Reply: `int`, the new first offset."""

    name: str
    partition: int
    offset: int


class FindTime(_Command, frozen=True, kw_only=True):
    """First offset of a partition stored at or after a wall time. Reply: (offset, timestamp ms), (-1, -1) none.

    Senders' own times count where they gave one, and the offset is that of the block, unless it is `stored` that is
    asked for: then it is the message's.
    """

    name: str
    partition: int
    time_ms: int
    newest: bool = False  # instead: the entry with the newest message
    stored: bool = False


class SetCredit(_Command, frozen=True, kw_only=True):
    """Change what a consumer may hold; of a metered one, how many more it is handed from now on. Reply: None."""

    holder: int
    credit_max: int


class IsDry(_Command, frozen=True, kw_only=True):
    """Ask whether nothing is ready that a consumer could be handed, had it the credit. Reply: `bool`."""

    holder: int


class OpenPool(_Command, frozen=True, kw_only=True):
    """Make (id 0) or change a credit pool shared by consumers of this session. Reply: `int`, its id.

    `holders` are consumers of this session that are to share it from now on, besides those consumed with it.
    """

    pool: int = 0
    credit_max: int = 0
    holders: tuple[int, ...] = ()


class Renew(_Command, frozen=True, kw_only=True):
    """Make deadline-bound leases last `lease_duration_ms` from now, longer or shorter. Reply: None.

    Nothing is renewed when any message is no longer held. Raises SubscriptionNotFound, LeaseExpired, InvalidArgument.
    """

    subscription: int
    partition: int
    holder: int
    runs: Sequence[tuple[int, int]]
    lease_duration_ms: int
