"""Ids of messages published to a stream not long ago, so that a repeat is answered and not appended.

    oldest | bucket | bucket | ... | bucket | newest        id -> when, and at which offset, it was stored
           window_ms / DEDUP_BUCKETS each

Buckets fall out of the window whole; an id in one that has not fallen yet is looked at by its own time, so the window
is exact. Ids are remembered by `apply` from what a Published record says, live and in recovery; forgetting is a matter
of time alone and is not recorded. Where ids count per ordering key, what is remembered is key and id. Everything is in
memory, DEDUP_IDS_MAX ids on a node: past that a publish that brings a new id is refused, because forgetting early would
break the promise.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dragoman.kernel.commands import Publish
from dragoman.kernel.entities import Stream
from dragoman.kernel.records import Published, Target
from dragoman.kernel.replies import Original
from dragoman.model.errors import InvalidArgument, QuotaExceeded
from dragoman.model.limits import (
    DEDUP_BUCKETS,
    DEDUP_ID_CHARS_MAX,
    DEDUP_IDS_MAX,
    DEDUP_ROUND_MS,
)

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.draft import Draft
    from dragoman.kernel.state import State

Stored = tuple[int, int, int]
"""Wall time, partition, offset."""


class Window:
    """The ids of one stream, in buckets by the time they were stored."""

    __slots__ = ("buckets", "width_ms", "window_ms")

    def __init__(self, window_ms: int) -> None:
        self.window_ms = window_ms
        self.width_ms = max(window_ms // DEDUP_BUCKETS, 1)
        self.buckets: dict[int, dict[str, Stored]] = {}  # by the wall time they begin at

    def find(self, identity: str, now_ms: int) -> Stored | None:
        """Where the message of that id is, if it was stored within the window."""
        for bucket in self.buckets.values():
            stored = bucket.get(identity)
            if stored is not None and stored[0] + self.window_ms > now_ms:
                return stored
        return None

    def start_of(self, time_ms: int) -> int:
        """When the bucket of that time begins."""
        return time_ms - time_ms % self.width_ms

    def resize(self, window_ms: int) -> None:
        """Another length; what is known stays in the buckets it is in."""
        self.window_ms = window_ms
        self.width_ms = max(window_ms // DEDUP_BUCKETS, 1)


class Dedup:
    """The windows of all streams."""

    __slots__ = ("by_stream", "count", "dirty", "round_ms")

    def __init__(self) -> None:
        self.by_stream: dict[int, Window] = {}
        self.count = 0  # ids in all of them
        self.dirty: set[tuple[int, int]] = set()  # (stream, bucket) changed since the checkpoint
        self.round_ms = 0  # elapsed time of the next look for old buckets

    def add(self, stream: Stream, identity: str, stored: Stored) -> None:
        """The message of that id was appended."""
        window = self.by_stream.get(stream.id)
        if window is None:
            window = self.by_stream[stream.id] = Window(stream.settings.dedup_window_ms)
        elif window.window_ms != stream.settings.dedup_window_ms:
            window.resize(stream.settings.dedup_window_ms)
        start_ms = window.start_of(stored[0])
        bucket = window.buckets.setdefault(start_ms, {})
        if identity not in bucket:
            self.count += 1
        bucket[identity] = stored
        self.dirty.add((stream.id, start_ms))

    def remember(self, stream: Stream, record: Published, target: Target) -> None:
        """The record's messages were appended there."""
        for at, identity in enumerate(identities(stream, record.dedup or (), record.keys)):
            if identity:
                self.add(stream, identity, (record.stored_ms, target.partition, target.offset + at))

    def load(self, stream: Stream, start_ms: int, bucket: dict[str, Stored]) -> None:
        """A bucket as a checkpoint saved it."""
        window = self.by_stream.setdefault(stream.id, Window(stream.settings.dedup_window_ms))
        window.buckets[start_ms] = bucket
        self.count += len(bucket)

    def drop(self, stream_id: int, start_ms: int) -> None:
        """A bucket is out of its window."""
        self.count -= len(self.by_stream[stream_id].buckets.pop(start_ms))
        self.dirty.add((stream_id, start_ms))

    def forget(self, stream_id: int) -> None:
        """The stream is gone, or wants no window any more."""
        window = self.by_stream.get(stream_id)
        if window is not None:
            for start_ms in list(window.buckets):
                self.drop(stream_id, start_ms)
            del self.by_stream[stream_id]


def identities(stream: Stream, ids: Sequence[str], keys: Sequence[bytes] | None) -> Sequence[str]:
    """What the stream knows messages by that were published with these ids and keys."""
    if stream.settings.dedup_scope == "stream" or keys is None:
        return ids
    return [
        f"{len(key)}:{key.decode('latin-1')}{identity}" if identity else ""
        for identity, key in zip(ids, keys, strict=False)
    ]


def check_ids(state: "State", command: Publish, ids: list[str]) -> None:
    """Raises InvalidArgument, QuotaExceeded."""
    if len(ids) != len(command.bodies):
        raise InvalidArgument(f"{len(ids)} ids for {len(command.bodies)} messages")
    if any(len(identity) > DEDUP_ID_CHARS_MAX for identity in ids):
        raise InvalidArgument(f"an id has at most {DEDUP_ID_CHARS_MAX} characters")
    if state.dedup.count + len(ids) > DEDUP_IDS_MAX:
        raise QuotaExceeded(f"{DEDUP_IDS_MAX} ids are remembered; the windows must pass first")


def find(state: "State", stream: Stream, identity: str, now_ms: int) -> Stored | None:
    """Where the message of that id is, if the stream's window still has it."""
    window = state.dedup.by_stream.get(stream.id)
    if window is None or not identity:
        return None
    if window.window_ms != stream.settings.dedup_window_ms:
        window.resize(stream.settings.dedup_window_ms)
    return window.find(identity, now_ms)


def new_runs(
    state: "State", draft: "Draft", stream: Stream, ids: Sequence[str], indexes: range
) -> tuple[list[tuple[int, int]], list[int]]:
    """Runs of bodies that the window does not know, and bodies that repeat one of these; all others are answered."""
    pending = draft.ids
    assert pending is not None
    runs: list[tuple[int, int]] = []
    again: list[int] = []
    seen: set[str] = set()  # within this very publish
    for index in indexes:
        identity = ids[index]
        if identity and identity in seen:
            again.append(index)
            continue
        known = find(state, stream, identity, draft.now_ms) or pending.get((stream.id, identity))
        if identity and known is not None:
            answer(draft, stream, index, known)
            continue
        seen.add(identity)
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs, again


def answer(draft: "Draft", stream: Stream, index: int, known: Stored) -> None:
    """The body at `index` repeats a message."""
    reply = draft.reply
    if reply.duplicates is None:
        reply.duplicates = {}
    stored_ms, partition, offset = known
    reply.duplicates[index] = Original(partition, offset, stored_ms)
    reply.duplicate = len(reply.duplicates) == len(draft.command.bodies)
    if reply.duplicate and reply.offset < 0:
        reply.offset = reply.duplicates[0].offset
        reply.partition = reply.duplicates[0].partition
    if stream.durable:
        reply.level = max(reply.level, draft.command.level, stream.settings.level)


def note_ids(
    draft: "Draft", stream: Stream, ids: Sequence[str], run: tuple[int, int], place: tuple[int, int]
) -> None:
    """Later bodies of the same atomic set repeat those of `run`, which will be at `place`: (partition, offset)."""
    pending = draft.ids
    assert pending is not None
    start, end = run
    partition, offset = place
    for index in range(start, end):
        if ids[index]:
            pending[stream.id, ids[index]] = (draft.now_ms, partition, offset + index - start)


def sweep_dedup(kernel: "Decisions") -> bool:
    """Forget buckets that are out of their windows. Never leaves work: a look costs a few numbers per stream."""
    state = kernel.state
    dedup = state.dedup
    if kernel.elapsed_ms < dedup.round_ms or not dedup.by_stream:
        return False
    dedup.round_ms = kernel.elapsed_ms + DEDUP_ROUND_MS
    for stream_id, window in list(dedup.by_stream.items()):
        stream = state.streams.get(stream_id)
        if stream is None or not stream.settings.dedup_window_ms:
            dedup.forget(stream_id)
            continue
        limit_ms = kernel.now_ms - stream.settings.dedup_window_ms
        for start_ms, bucket in list(window.buckets.items()):
            # the last to be added is the youngest as a rule; where the clock stepped back all are asked
            last_ms = next(reversed(bucket.values()))[0]
            if last_ms <= limit_ms and all(each[0] <= limit_ms for each in bucket.values()):
                dedup.drop(stream_id, start_ms)
        if not window.buckets:
            del dedup.by_stream[stream_id]
    return False


def next_round_ms(state: "State") -> int | None:
    """When old buckets are looked for, elapsed time."""
    return state.dedup.round_ms if state.dedup.by_stream else None
