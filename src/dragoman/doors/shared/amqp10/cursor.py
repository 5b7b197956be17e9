"""A source that reads by a cursor: a stream without a queue, from some place on, nothing leased and nothing settled.

Partitions take turns. What has been read up to the link's credit and the session's window is sent; the rest waits for
the stream to grow, or for room. In one turn no more is read than a connection soon takes: a slow client holds back what
it has credit for. Where a client selects, what it does not want is stepped over, READS_MAX reads a turn.
"""

from collections.abc import Callable, Mapping
from typing import Any

from dragoman.doors.shared.amqp10.profile import Handout, Outlet, Spelling, Terms
from dragoman.doors.shared.cursor import READ_BYTES_MAX, READS_MAX, StreamCursor
from dragoman.doors.shared.rendered import rendered_block
from dragoman.kernel.api import Block, Session, StreamInfo
from dragoman.model.errors import NotFound
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.errors import RESOURCE_DELETED, Error


class CursorSource:
    """See `profile.Source`. `selects` judges stored forms."""

    __slots__ = ("_cursor", "_outlet", "_selects", "_session", "_stream", "spelling", "terms")

    follows = True
    _outlet: Outlet

    def __init__(
        self,
        session: Session,
        terms: Terms,
        spelling: Spelling,
        stream: StreamInfo,
        places: dict[int, int],
        selects: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._selects = selects
        self._session = session
        self._stream = stream
        self.terms = terms
        self.spelling = spelling
        self._cursor = StreamCursor(session, stream.namespace, (stream.id, stream.name), places)

    def open(self, outlet: Outlet) -> None:
        """See `profile.Source`."""
        self._outlet = outlet

    def flow(self, credit: int, *, drain: bool, properties: Mapping[Any, Any] | None) -> None:
        """See `profile.Source`."""
        self.progressed()

    def progressed(self) -> None:
        """Send what is there and may be sent."""
        try:
            self._cursor.check()
            for _ in range(READS_MAX):
                if self._outlet.room() <= 0 or self._outlet.is_crowded():
                    return
                counts = [self._cursor.read(one, self._send) for one in self._cursor.places]
                if not any(counts):
                    self._cursor.watch()
                    return
            self._outlet.look_again()
        except NotFound:
            self._outlet.detach(Error(RESOURCE_DELETED, "the stream is gone"))

    def _send(self, block: Block, partition: int, start: int, end: int) -> int:
        """See `cursor.Send`."""
        if self._selects is not None:
            return self._send_selected(self._selects, block, partition, (start, end))
        stop = min(end, start + self._outlet.room())
        if stop <= start:
            return start
        entries = self._entries(block, start, stop)
        stop = start + _fitting(entries)
        for low, high in block.present(start, stop):  # what was compacted away is a gap
            known = entries[low - start : high - start]
            self._outlet.send(Handout(block, partition, low, known, None))
            self._session.count_delivered(len(known), sum(map(len, known)))
        return stop

    def _send_selected(
        self,
        selects: Callable[[bytes], bool],
        block: Block,
        partition: int,
        span: tuple[int, int],
    ) -> int:
        entries = self._entries(block, *span)
        for low, high in block.present(*span):
            for offset in range(low, high):
                entry = entries[offset - span[0]]
                if not selects(entry):
                    continue
                if self._outlet.room() <= 0:
                    return offset
                self._outlet.send(Handout(block, partition, offset, [entry], None))
                self._session.count_delivered(1, len(entry))
        return span[1]

    def _entries(self, block: Block, start: int, stop: int) -> list[bytes]:
        if block.format == AMQP10 and not block.packed:
            return block.slice(start, stop)
        name, now_ms = self._stream.name, self._session.wall_ms()
        values = self._stream.settings.header_values
        entries = rendered_block(block, AMQP10, name, now_ms, values)
        return entries[start - block.offset : stop - block.offset]

    def left(self) -> int | None:
        """See `profile.Source`."""
        return self._outlet.credit() if self._outlet.room() else None

    def deliver(self, delivery: object) -> None:
        """Nothing is leased for it."""
        raise AssertionError(delivery)

    def close(self) -> None:
        """See `profile.Source`."""


def _fitting(entries: list[bytes]) -> int:
    """How many of them, from the first on, are as large as one read."""
    size = 0
    for count, entry in enumerate(entries, 1):
        size += len(entry)
        if size >= READ_BYTES_MAX:
            return count
    return len(entries)
