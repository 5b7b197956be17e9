"""Records: what happened, in the past tense. The journal holds these and nothing else.

A record says what was decided, never what to do: `apply` needs no clock, no chance and no choice to repeat it. Records
of hot flows speak in runs and batches. On disk each is a msgpack array led by its tag; tags are never renumbered, and
fields are only ever added at the end, with a default.
"""

import msgspec

from dragoman.kernel.settings import (
    BindingSettings,
    PumpSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)

Runs = list[tuple[int, int]]


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Root of all records."""


class Target(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a publish landed. `matches`: per filtered or indexed subscription id, the runs of offsets it takes."""

    stream: int
    partition: int
    offset: int
    matches: dict[int, Runs] | None = None


class Published(Record, frozen=True, array_like=True, gc=False, tag=1):
    """Messages were appended to every target; the bodies are stored once. `packed` is the batch's message count."""

    targets: tuple[Target, ...]
    format: int
    bodies: list[bytes]
    packed: int
    stored_ms: int
    expires_ms: list[int] | None = None
    priorities: list[int] | None = None
    keys: list[bytes] | None = None
    producer: tuple[int, int, int, int, bool] | None = None
    control: bool = False
    hops: int = 0
    dedup: list[str] | None = None
    latest_ms: int = 0


class Leased(Record, frozen=True, array_like=True, gc=False, tag=2):
    """[start, end) was handed to `holder`. `fresh`: from the frontier, otherwise from RETURNED or DEFERRED."""

    subscription: int
    partition: int
    start: int
    end: int
    holder: int
    fresh: bool
    duration_ms: int = 0  # 0: bound to the holder's connection
    until_ms: int = 0  # elapsed time of this life of the node
    at_ms: int = 0  # wall time, where the subscription keeps it
    offsets: list[int] | None = None  # all there is of [start, end): messages of one lane


class Settled(Record, frozen=True, array_like=True, gc=False, tag=3):
    """`event` of the transition table befell the runs, which were all in one state, `source`."""

    subscription: int
    partition: int
    source: int
    event: int
    runs: Runs
    holder: int = 0
    failed: bool = False
    ready_ms: int = 0
    wait: tuple[int, int] | None = (
        None  # of DELAY: wall time at which it is over, and how long it is
    )
    offsets: list[int] | None = None  # and these: of TAKE and ACK, messages that were leased apart


class StreamCreated(Record, frozen=True, array_like=True, gc=False, tag=10):
    """A stream is there."""

    id: int
    namespace: str
    name: str
    uuid: bytes
    settings: StreamSettings


class StreamAltered(Record, frozen=True, array_like=True, gc=False, tag=11):
    """A stream's settings are these now."""

    id: int
    settings: StreamSettings


class StreamDeleted(Record, frozen=True, array_like=True, gc=False, tag=12):
    """A stream is gone, with its subscriptions and the bindings that led to it."""

    id: int


class SubscriptionCreated(Record, frozen=True, array_like=True, gc=False, tag=13):
    """A leased subscription is there, starting at these frontiers (one per partition)."""

    id: int
    stream: int
    name: str
    settings: SubscriptionSettings
    frontiers: tuple[int, ...]
    owner: int = 0  # the session it belongs to, when exclusive


class SubscriptionDeleted(Record, frozen=True, array_like=True, gc=False, tag=14):
    """A leased subscription is gone."""

    id: int


class RouteCreated(Record, frozen=True, array_like=True, gc=False, tag=15):
    """A route is there."""

    id: int
    namespace: str
    name: str
    settings: RouteSettings


class RouteDeleted(Record, frozen=True, array_like=True, gc=False, tag=16):
    """A route is gone, with its bindings both ways."""

    id: int


class RouteAltered(Record, frozen=True, array_like=True, gc=False, tag=91):
    """A route's settings are these now; its kind is what it was."""

    id: int
    settings: RouteSettings


class Bound(Record, frozen=True, array_like=True, gc=False, tag=17):
    """A binding is there."""

    route: int
    target: int
    to_route: bool
    binding: BindingSettings


class Unbound(Record, frozen=True, array_like=True, gc=False, tag=18):
    """A binding is gone."""

    route: int
    target: int
    to_route: bool
    binding: BindingSettings


class Trimmed(Record, frozen=True, array_like=True, gc=False, tag=19):
    """Offsets below `offset` are gone for every reader."""

    stream: int
    partition: int
    offset: int


class Skipped(Record, frozen=True, array_like=True, gc=False, tag=20):
    """The next offset is `offset`: those before were reserved and may have been seen before a crash."""

    stream: int
    partition: int
    offset: int


class Reserved(Record, frozen=True, array_like=True, gc=False, tag=21):
    """Offsets below `offset` may be given out before their records are durable."""

    stream: int
    partition: int
    offset: int


class Started(Record, frozen=True, array_like=True, gc=False, tag=22):
    """The node started: leases bound to connections are returned, what belonged to connections is gone."""

    incarnation: int
    id_next: int
    secret: bytes = b""  # of the store, from its first start on
    boot: bytes = b""  # which run of the machine this is; empty unknown


class CursorsCommitted(Record, frozen=True, array_like=True, gc=False, tag=30):
    """A group goes on there: (stream, partition, offset, leader epoch, metadata) each."""

    namespace: str
    group: str
    cursors: tuple[tuple[int, int, int, int, str], ...]
    stored_ms: int


class CursorsDeleted(Record, frozen=True, array_like=True, gc=False, tag=31):
    """A group has no cursors in these (stream, partition) any more."""

    namespace: str
    group: str
    cursors: tuple[tuple[int, int], ...]


class GroupDeleted(Record, frozen=True, array_like=True, gc=False, tag=32):
    """A group is gone, with its cursors."""

    namespace: str
    group: str


class ProducersReserved(Record, frozen=True, array_like=True, gc=False, tag=33):
    """Producer ids below `end` may have been given out."""

    end: int


class SessionStateSet(Record, frozen=True, array_like=True, gc=False, tag=40):
    """The session `key` has this state; empty is none."""

    subscription: int
    partition: int
    key: bytes
    state: bytes


class Renewed(Record, frozen=True, array_like=True, gc=False, tag=41):
    """The runs, which `holder` has, are held until `until_ms` (elapsed time of this life of the node)."""

    subscription: int
    partition: int
    holder: int
    runs: Runs
    duration_ms: int
    until_ms: int


class Indexed(Record, frozen=True, array_like=True, gc=False, tag=42):
    """Messages that a reader with an order found when it came: (start, end, priority, key), all ready."""

    subscription: int
    partition: int
    entries: list[tuple[int, int, int, bytes]]


class Shown(Record, frozen=True, array_like=True, gc=False, tag=43):
    """Messages stored below `offset` are delayed no more; `dropped`: they never were ready, either."""

    subscription: int
    partition: int
    offset: int
    dropped: bool = False


class ProducerInitialised(Record, frozen=True, array_like=True, gc=False, tag=60):
    """A transactional id has this producer and epoch from now on."""

    namespace: str
    transactional_id: str
    producer: int
    epoch: int
    timeout_ms: int
    stored_ms: int
    before_producer: int = (
        -1
    )  # who asked for it by name and epoch, so that a retry is answered again
    before_epoch: int = -1


class TransactionExtended(Record, frozen=True, array_like=True, gc=False, tag=61):
    """A producer's transaction is open and may write to these (stream, partition)s; how to mark its abort."""

    producer: int
    partitions: tuple[tuple[int, int], ...]
    format: int
    abort_marker: bytes
    began_ms: int


class CursorsPended(Record, frozen=True, array_like=True, gc=False, tag=62):
    """Cursors of a group, as in CursorsCommitted, that wait for the producer's transaction."""

    producer: int
    namespace: str
    group: str
    cursors: tuple[tuple[int, int, int, int, str], ...]


class TransactionEnded(Record, frozen=True, array_like=True, gc=False, tag=63):
    """What the producer's transaction wrote is there for everybody, or never was. Its transactional id has the next
    producer and epoch from now on, if there is one.
    """

    producer: int
    commit: bool
    stored_ms: int
    next_producer: int = -1
    next_epoch: int = -1


class TransactionForgotten(Record, frozen=True, array_like=True, gc=False, tag=64):
    """The producer's transactional id is known no more."""

    producer: int


class SubscriptionAltered(Record, frozen=True, array_like=True, gc=False, tag=65):
    """A leased subscription's settings are these now."""

    id: int
    settings: SubscriptionSettings


class Sought(Record, frozen=True, array_like=True, gc=False, tag=66):
    """A leased subscription begins anew at `frontier`, with the runs of `open` before it ready again."""

    subscription: int
    partition: int
    frontier: int
    open: Runs


class SnapshotCreated(Record, frozen=True, array_like=True, gc=False, tag=67):
    """How a leased subscription stood: (frontier, open runs before it) per partition."""

    id: int
    namespace: str
    name: str
    stream: int
    expires_ms: int
    windows: tuple[tuple[int, Runs], ...]


class SnapshotDeleted(Record, frozen=True, array_like=True, gc=False, tag=68):
    """A snapshot is gone."""

    id: int


class ScheduleSettled(Record, frozen=True, array_like=True, gc=False, tag=70):
    """Entries of a hidden stream wait no longer: they were published in this very frame, or cancelled."""

    stream: int
    runs: Runs


class PumpCreated(Record, frozen=True, array_like=True, gc=False, tag=75):
    """A pump is there, come this far. `ends`: it goes so far and no further, then is gone."""

    id: int
    namespace: str
    name: str
    stream: int
    subscription: int  # 0: from cursors
    settings: PumpSettings
    cursors: tuple[int, ...]
    ends: tuple[int, ...] | None = None
    started_ms: int = 0
    carried: int = 0
    dropped: int = 0


class PumpMoved(Record, frozen=True, array_like=True, gc=False, tag=76):
    """Everything below `offset` of the partition was carried, in this very frame at the latest; -1 in leased mode."""

    id: int
    partition: int
    offset: int
    carried: int = 0  # messages, so far
    dropped: int = 0


class PumpDeleted(Record, frozen=True, array_like=True, gc=False, tag=77):
    """A pump is gone; `outcome` of one that had an end: "done", "cancelled" or "failed"."""

    id: int
    outcome: str = ""
    ended_ms: int = 0
    trouble: str = ""


class Remnant(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is left of neighbouring entries as one block, with `missing` runs of offsets that hold nothing any more."""

    offset: int
    end: int
    format: int
    packed: bool
    hops: int
    stored_ms: int
    latest_ms: int
    bodies: list[bytes]
    missing: Runs
    stored: list[int] | None = None
    expires_ms: list[int] | None = None
    priorities: list[int] | None = None
    keys: list[bytes] | None = None


class Compacted(Record, frozen=True, array_like=True, gc=False, tag=90):
    """Entries that lay in [start, end) are these now; no entry reaches across an end of that."""

    stream: int
    partition: int
    start: int
    end: int
    remnants: list[Remnant]


class Revised(Record, frozen=True, array_like=True, gc=False, tag=92):
    """A reader has set something on a message that is not done: for its subscription it is this one now."""

    subscription: int
    partition: int
    message: Remnant


class DocumentPut(Record, frozen=True, array_like=True, gc=False, tag=80):
    """A document is there, with this body; `version` is given to nothing else."""

    namespace: str
    kind: str
    name: str
    version: int
    stored_ms: int
    body: bytes


class DocumentDeleted(Record, frozen=True, array_like=True, gc=False, tag=81):
    """A document is gone."""

    namespace: str
    kind: str
    name: str


AnyRecord = (
    Published
    | Leased
    | Settled
    | StreamCreated
    | StreamAltered
    | StreamDeleted
    | SubscriptionCreated
    | SubscriptionDeleted
    | RouteCreated
    | RouteDeleted
    | RouteAltered
    | Bound
    | Unbound
    | Trimmed
    | Skipped
    | Reserved
    | Started
    | CursorsCommitted
    | CursorsDeleted
    | GroupDeleted
    | ProducersReserved
    | SessionStateSet
    | Renewed
    | Indexed
    | ProducerInitialised
    | TransactionExtended
    | CursorsPended
    | TransactionEnded
    | TransactionForgotten
    | SubscriptionAltered
    | Sought
    | SnapshotCreated
    | SnapshotDeleted
    | ScheduleSettled
    | PumpCreated
    | PumpMoved
    | PumpDeleted
    | DocumentPut
    | DocumentDeleted
    | Shown
    | Compacted
    | Revised
)
