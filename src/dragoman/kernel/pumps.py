"""Pumps: internal readers that carry messages of one stream on to others. What they are, what records do to them.

    cursor mode   reads committed entries from a cursor per partition; holds what it has not carried yet
    leased mode   takes what is ready for a leased subscription, which is done with it: forwarding, redrive

One step is the publishes and the progress in one atomic set: a message is carried exactly once within a node. Progress
is durable; how often the present step has failed is not, so a restart tries anew.

A pump with an end (`until_end`) is remembered when it is over: the last PUMPS_ENDED_MAX of each source.
"""

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from dragoman.kernel.block import Partition
from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.entities import Stream
from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.records import PumpCreated, PumpDeleted, PumpMoved
from dragoman.kernel.settings import Address, PumpSettings
from dragoman.model.limits import PUMPS_ENDED_MAX

if TYPE_CHECKING:
    from dragoman.kernel.state import State

NEVER: Final = -1


class CreatePump(msgspec.Struct, frozen=True, kw_only=True):
    """Carry messages of `source` on from now on. Reply: `PumpInfo`.

    subscription   empty: cursor mode; else leased mode from that leased subscription (a queue's has its name)
    Raises AlreadyExists, StreamNotFound, SubscriptionNotFound, InvalidArgument, QuotaExceeded.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    source: str
    subscription: str = ""
    settings: PumpSettings


PumpState = Literal["running", "done", "cancelled", "failed"]


class DeletePump(msgspec.Struct, frozen=True, kw_only=True):
    """Stop carrying; what was carried stays. Reply: `PumpInfo` as it was. Raises PumpNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    name: str


class ListPumps(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `list[PumpInfo]`, by name, of one `source` or all; then those of its past, the latest first."""

    namespace: str = DEFAULT_NAMESPACE
    source: str = ""
    with_ended: bool = False


class PumpInfo(msgspec.Struct, frozen=True):
    """A pump as it is now, or as it ended; counts are messages, times wall times. `left`: not carried yet."""

    id: int
    name: str
    source: str
    subscription: str
    settings: PumpSettings
    left: int
    carried: int
    dropped: int
    attempts: int
    trouble: str
    state: PumpState = "running"
    started_ms: int = 0
    ended_ms: int = 0


class Pump:
    """One pump. `cursors[partition]`: everything below was carried (cursor mode)."""

    __slots__ = (
        "attempts",
        "carried",
        "cursors",
        "dropped",
        "ends",
        "filter",
        "free_us",
        "id",
        "is_narrow",
        "name",
        "namespace",
        "retry_ms",
        "settings",
        "started_ms",
        "stream",
        "subscription",
        "trouble",
    )

    def __init__(self, record: PumpCreated, stream: Stream) -> None:
        self.id = record.id
        self.namespace = record.namespace
        self.name = record.name
        self.stream = stream
        self.subscription = record.subscription  # its id; 0 in cursor mode
        self.settings: PumpSettings = record.settings
        self.cursors = list(record.cursors)
        self.ends = None if record.ends is None else list(record.ends)
        self.filter: CompiledFilter | None = compiled(record.settings)
        self.attempts = 0  # failures of the present step
        self.is_narrow = False  # messages go one by one
        self.retry_ms = 0  # elapsed time before which it is left alone
        self.free_us = 0  # elapsed time at which its rate lets it go on
        self.started_ms = record.started_ms
        self.carried = record.carried
        self.dropped = record.dropped
        self.trouble = ""  # why the last step failed

    def record(self) -> PumpCreated:
        """What makes this pump again, as far as it came."""
        ends = None if self.ends is None else tuple(self.ends)
        return PumpCreated(
            self.id,
            self.namespace,
            self.name,
            self.stream.id,
            self.subscription,
            self.settings,
            tuple(self.cursors),
            ends,
            self.started_ms,
            self.carried,
            self.dropped,
        )

    def starts_ms(self) -> int:
        """Elapsed time before which it is left alone."""
        return max(self.retry_ms, -(-self.free_us // 1_000))


class Pumps:
    """All pumps, and which of them may have something to carry."""

    __slots__ = (
        "awake",
        "by_id",
        "by_name",
        "dirty",
        "dirty_ended",
        "ended",
        "of_stream",
        "poll_ms",
        "round_ms",
    )

    def __init__(self) -> None:
        self.by_id: dict[int, Pump] = {}
        self.by_name: dict[tuple[str, str], Pump] = {}
        self.of_stream: dict[int, dict[int, Pump]] = {}
        self.awake: dict[int, None] = {}
        self.dirty: dict[int, None] = {}  # changed since the last checkpoint, or gone
        self.ended: dict[int, list[PumpInfo]] = {}  # by source, the latest first
        self.dirty_ended: dict[int, None] = {}
        self.poll_ms = NEVER  # elapsed time of the next look at pumps that wait
        self.round_ms = 0

    def wake(self, stream_id: int) -> None:
        """The stream has grown."""
        self.awake.update(dict.fromkeys(self.of_stream.get(stream_id, ())))


def compiled(settings: PumpSettings) -> CompiledFilter | None:
    """The filter ready to run. Raises InvalidArgument."""
    return filter_in(settings.dialect, settings.filter)


def apply_pump_created(state: "State", record: PumpCreated) -> None:
    """The pump is there."""
    state.id_next = max(state.id_next, record.id + 1)
    stream = state.streams.get(record.stream)
    if stream is None or (record.subscription and record.subscription not in state.subscriptions):
        return  # it was not a durable one
    pumps = state.pumps
    pump = Pump(record, stream)
    pumps.by_id[pump.id] = pump
    pumps.by_name[pump.namespace, pump.name] = pump
    pumps.of_stream.setdefault(stream.id, {})[pump.id] = pump
    pumps.awake[pump.id] = None
    pumps.dirty[pump.id] = None
    if not pump.subscription:
        stream.hold(pump.id, pump.cursors)
    stream.is_pumped = True


def apply_pump_moved(state: "State", record: PumpMoved) -> None:
    """Everything below was carried."""
    pump = state.pumps.by_id.get(record.id)
    if pump is None:
        return
    state.pumps.dirty[pump.id] = None
    pump.carried = record.carried
    pump.dropped = record.dropped
    if record.offset >= 0:
        pump.cursors.extend([0] * (record.partition + 1 - len(pump.cursors)))
        pump.cursors[record.partition] = record.offset
        state.dirty_floors[pump.stream.id] = pump.stream


def apply_pump_deleted(state: "State", record: PumpDeleted) -> None:
    """The pump and its hold are gone."""
    pumps = state.pumps
    pump = pumps.by_id.pop(record.id, None)
    if pump is None:
        return
    if record.outcome:
        ended = pumps.ended.setdefault(pump.stream.id, [])
        ended.insert(0, _as_ended(state, pump, record))
        del ended[PUMPS_ENDED_MAX:]
        pumps.dirty_ended[pump.stream.id] = None
    del pumps.by_name[pump.namespace, pump.name]
    mine = pumps.of_stream[pump.stream.id]
    del mine[pump.id]
    if not mine:
        del pumps.of_stream[pump.stream.id]
    pump.stream.is_pumped = bool(mine)
    pump.stream.holds.pop(pump.id, None)
    pumps.awake.pop(pump.id, None)
    pumps.dirty[pump.id] = None
    state.dirty_floors[pump.stream.id] = pump.stream


def forget_source(state: "State", stream: Stream, subscription: int = 0) -> None:
    """The stream (or the leased subscription) is gone: so are the pumps that read it."""
    for pump in list(state.pumps.of_stream.get(stream.id, {}).values()):
        if not subscription or pump.subscription == subscription:
            apply_pump_deleted(state, PumpDeleted(pump.id))
    if not subscription and state.pumps.ended.pop(stream.id, None) is not None:
        state.pumps.dirty_ended[stream.id] = None


def _as_ended(state: "State", pump: Pump, record: PumpDeleted) -> PumpInfo:
    """What is remembered of it."""
    return msgspec.structs.replace(
        info_of(state, pump),
        state=record.outcome,
        ended_ms=record.ended_ms,
        trouble=record.trouble or pump.trouble,
    )


def info_of(state: "State", pump: Pump) -> PumpInfo:
    """The pump as plain data."""
    reader: Any = state.subscriptions.get(pump.subscription)
    if reader is not None:
        left = sum(_left_for(reader, pump, index) for index in range(len(reader.windows)))
    else:
        left = sum(
            partition.count(
                max(cursor_of(pump, partition.index), partition.start), limit_of(pump, partition)
            )
            for partition in pump.stream.partitions
        )
    return PumpInfo(
        pump.id,
        pump.name,
        pump.stream.name,
        "" if reader is None else reader.name,
        pump.settings,
        left,
        pump.carried,
        pump.dropped,
        pump.attempts,
        pump.trouble,
        "running",
        pump.started_ms,
    )


def limit_of(pump: Pump, partition: Partition) -> int:
    """The pump goes no further than this."""
    at = partition.index
    if pump.ends is None:
        return partition.end
    return pump.ends[at] if at < len(pump.ends) else 0


def _left_for(reader: Any, pump: Pump, index: int) -> int:
    """Ready and delayed messages of a leased reader that the pump will take, about: those held come later, too."""
    window, partition = reader.windows[index], pump.stream.partitions[index]
    left: int = window.ready + window.delayed
    limit = limit_of(pump, partition)
    if limit < partition.end:
        left -= partition.count(max(limit, window.frontier), partition.end)
    return max(left, 0)


def cursor_of(pump: Pump, partition: int) -> int:
    """How far it came in a partition; one that was added later it has not begun."""
    return pump.cursors[partition] if partition < len(pump.cursors) else 0


def dead_letter_of(pump: Pump) -> Address | None:
    """Where what cannot be carried goes."""
    return pump.settings.dead_letter
