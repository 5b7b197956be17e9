"""What can be asked of the kernel. Plain data in; the reply's shape is named in each docstring.

Hot commands (`Publish`, `Settle`) stand in `batches`; the rest are frozen structs. Names of namespaces, streams and
routes are text; ids are the kernel's own numbers, never reused.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from dragoman.kernel.batches import ANY_PARTITION as ANY_PARTITION  # noqa: PLC0414 - with the others
from dragoman.kernel.batches import Outcome as Outcome  # noqa: PLC0414
from dragoman.kernel.batches import Producer as Producer  # noqa: PLC0414
from dragoman.kernel.batches import Publish as Publish  # noqa: PLC0414
from dragoman.kernel.batches import Settle as Settle  # noqa: PLC0414
from dragoman.kernel.settings import (
    BindingSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)

DEFAULT_NAMESPACE: Final = "default"


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

    mode        ready only (RabbitMQ), all (SQS), created before `before_ms` (Cloud Tasks), or both: ready and created
                before then (Service Bus)
    count_max   the oldest so many, of each partition before those of the next; 0 all
    key         of those with this key, or of this session, alone; None whatever they have
    Raises SubscriptionNotFound, InvalidArgument (a key, and no order by it).
    """

    name: str
    subscription: str = ""
    mode: Literal["ready", "all", "before", "old"] = "ready"
    before_ms: int = 0
    count_max: int = 0
    key: bytes | None = None


class DeclareRoute(_Command, frozen=True, kw_only=True):
    """Make a route. Reply: `RouteInfo`; an existing one is returned as it is. Raises RouteNotFound (passive)."""

    name: str
    settings: RouteSettings = RouteSettings()
    passive: bool = False


class AlterRoute(_Command, frozen=True, kw_only=True):
    """Change where a route sends what nobody takes, or its notes. Reply: `RouteInfo`.

    Raises RouteNotFound, InvalidArgument (what a route is for good: its kind and how long it lasts).
    """

    name: str
    settings: RouteSettings


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
    selector        of JMS: only what it lets through is delivered, the rest is for others, in order. Who would step
                    over too much is cancelled, and `Holder.ended` says why
    passes_on       a format: messages of it may come many at once though they lie apart (`Delivery.offsets`); -1 none
    group           whose member it is: reads by what the share group reads the stream by, whatever `subscription` says
    Raises SubscriptionNotFound, ResourceLocked (exclusive), InvalidArgument (no such selector), NotSupported (a
    selector, where there is an order).
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
    passes_on: int = -1
    group: str = ""
    selector: str = ""


class Cancel(_Command, frozen=True, kw_only=True):
    """End a consumer; what it holds stays leased until settled or its session closes. Reply: None."""

    holder: int


class Lease(_Command, frozen=True, kw_only=True):
    """Take up to `count_max` messages now. Reply: `list[Delivery]`, empty when none is ready.

    lease_duration_ms 0 binds the lease to the session (basic.get); no_ack means done at once. `within` is the holder of
    an accepted session (`AcceptSession`), which then holds the messages. `partition` is the only one to take from.
    `bytes_max` (0 no limit) ends what is taken behind the message that reaches it. `group`: as of `Consume`.
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
    group: str = ""


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


class FindEpoch(_Command, frozen=True, kw_only=True):
    """Up to where a partition has what an earlier life of the store appended. Reply: (epoch, end), (-1, -1) unknown.

    `epoch` counts lives; without it, the one that appended the entry at `offset`.
    """

    name: str
    partition: int
    epoch: int = -1
    offset: int = 0


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
    offset: int = 0  # where to begin, but for what is `stored`


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
