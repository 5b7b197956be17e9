"""What the kernel answers. Plain data; a door may keep it, never change it."""

import msgspec

from dragoman.kernel.settings import RouteSettings, StreamSettings, SubscriptionSettings


class Original(msgspec.Struct, frozen=True):
    """A message that was sent again: where it is, and the wall time at which it was stored."""

    partition: int
    offset: int
    stored_ms: int


class PublishReply:
    """Where a publish ended.

    position    of the journal frame it waits for (filled in by the runtime), with the `level` it must reach
    routed      how many streams took it
    offset      base offset in the first target, -1 when routed nowhere
    unrouted    indexes of bodies that went nowhere; None when the whole batch shared one fate (`routed`)
    refused     index of the first body that a named subscription had no room for (overflow = reject-publish), or -1;
                the bodies from there on are not in that subscription's stream
    schedule    (stream, offset), the id of the first message that waits for its time; None when none does
    duplicate   all of it was sent before, by the producer's sequence or by dedup ids; `offset` is the old one
    duplicates  by dedup ids: index of a body -> the message it repeats
    """

    __slots__ = (
        "duplicate",
        "duplicates",
        "level",
        "offset",
        "partition",
        "position",
        "refused",
        "routed",
        "schedule",
        "unrouted",
    )

    def __init__(self, routed: int, offset: int, partition: int, level: int) -> None:
        self.routed = routed
        self.offset = offset
        self.partition = partition
        self.level = level
        self.position: int = 0
        self.unrouted: list[int] | None = None
        self.refused: int = -1
        self.duplicate: bool = False
        self.duplicates: dict[int, Original] | None = None
        self.schedule: tuple[int, int] | None = None


class SettleReply:
    """How many messages were settled, and how many were no longer held."""

    __slots__ = ("missing", "settled")

    def __init__(self, settled: int, missing: int) -> None:
        self.settled = settled
        self.missing = missing


class PartitionInfo(msgspec.Struct, frozen=True):
    """One partition: offsets start <= o < end exist; cursors read below `committed`, isolated ones below `stable`."""

    start: int
    end: int
    committed: int
    stable: int
    size_bytes: int


class StreamHead(msgspec.Struct, frozen=True, gc=False):
    """A stream in short; `settings` is the same object until they are altered."""

    id: int
    name: str
    settings: StreamSettings
    partition_count: int


class QueueHead(msgspec.Struct, frozen=True, gc=False):
    """A queue in short: both settings are the same objects until they are altered. `name`, `uuid` are its stream's."""

    id: int
    name: str
    settings: SubscriptionSettings
    stream: StreamSettings
    uuid: bytes
    partition_count: int


class StreamInfo(msgspec.Struct, frozen=True):
    """A stream as it is now. `uuid` is 16 bytes, stable across restarts, new when made again."""

    id: int
    namespace: str
    name: str
    uuid: bytes
    settings: StreamSettings
    partitions: tuple[PartitionInfo, ...]
    created: bool = False  # by this very command


class QueueInfo(msgspec.Struct, frozen=True):
    """A leased subscription, of a queue or another, as it is now; counts are messages.

    stream      the name of the stream it reads
    oldest_ms   wall time at which the oldest message that is not done was stored, about; 0 when there is none
    """

    id: int
    stream_id: int
    namespace: str
    name: str
    settings: SubscriptionSettings
    ready: int
    leased: int
    consumers: int
    created: bool = False
    stream: str = ""
    delayed: int = 0
    waiting: int = 0  # for a retry
    deferred: int = 0
    dead: int = 0  # parked
    oldest_ms: int = 0


class PushedInfo(msgspec.Struct, frozen=True):
    """A subscription that somebody pushes, in short: `name` is its own, `stream` that of the stream it reads."""

    id: int
    namespace: str
    stream: str
    name: str
    settings: SubscriptionSettings


class RouteInfo(msgspec.Struct, frozen=True):
    """A route as it is now."""

    id: int
    namespace: str
    name: str
    settings: RouteSettings
    created: bool = False
