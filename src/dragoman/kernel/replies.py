"""What the kernel answers. Plain data; a door may keep it, never change it."""

import msgspec

from dragoman.kernel.batches import Original as Original  # noqa: PLC0414 - with the others
from dragoman.kernel.batches import PublishReply as PublishReply  # noqa: PLC0414
from dragoman.kernel.batches import SettleReply as SettleReply  # noqa: PLC0414
from dragoman.kernel.settings import RouteSettings, StreamSettings, SubscriptionSettings


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
