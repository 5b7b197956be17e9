"""A consumer of a stream: a cursor of its own from some place on. Nothing is leased: an ack is credit. Hot.

Partitions take turns. What has been read is sent up to the prefetch; the rest waits for acks, for the stream to grow,
or for the peer to take what it was sent. In one turn no reader goes further than READS_MAX reads. Deliveries that are
not acknowledged stand among the channel's unsettled ones, under the reader's number: below all ids of the kernel's.
"""

from dragoman.doors.amqp091 import streams
from dragoman.doors.amqp091.arguments import priority_of
from dragoman.doors.amqp091.channel import Channel, Consumer
from dragoman.doors.amqp091.errors import NOT_IMPLEMENTED, PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.link import UNSENT_BYTES_MAX
from dragoman.doors.amqp091.places import Selection, places_of, selection_of
from dragoman.doors.shared.cursor import READ_BYTES_MAX, READS_MAX, StreamCursor
from dragoman.doors.shared.rendered import rendered_block
from dragoman.doors.shared.unacked import CURSOR
from dragoman.kernel.api import Block, StreamHead
from dragoman.model.errors import KernelError
from dragoman.model.levels import AMQP091
from dragoman.wire.amqp091.methods import BasicConsume
from dragoman.wire.amqp091.outgoing import deliver_run
from dragoman.wire.amqp091.stamping import stamped


class Reader(Consumer):
    """See the module."""

    __slots__ = ("_cursor", "_number", "_out", "_prefetch", "_selection", "_stream")

    def __init__(
        self,
        channel: Channel,
        tag: str,
        stream: StreamHead,
        places: dict[int, int],
        selection: Selection | None,
    ) -> None:
        super().__init__(channel, tag, stream.name, False)
        self._stream = stream
        self._selection = selection
        self._prefetch = channel.prefetch
        self._out = 0  # delivered, not acknowledged
        link = channel.link
        self._cursor = StreamCursor(link.session, link.namespace, (stream.id, stream.name), places)
        channel.reader_next -= 1
        self._number = channel.reader_next
        channel.readers[self._number] = self
        link.readers[self] = None

    def end(self) -> None:
        """It reads no more; what was delivered may still be acknowledged."""
        self.channel.readers.pop(self._number, None)
        self.channel.link.readers.pop(self, None)

    def settled(self, count: int) -> None:
        """So many deliveries are acknowledged."""
        self._out -= count
        self.progress()

    def standing(self) -> tuple[bool, bool]:
        """Readers of a stream are all served."""
        return False, True

    def note_timeout(self) -> None:
        """A stream has none of its own."""

    def progress(self) -> None:
        """Send what is there and may be sent; a stream that went takes the consumer along."""
        link = self.channel.link
        if self not in link.readers or self._out >= self._prefetch:
            return
        try:
            self._cursor.check()
            for _ in range(READS_MAX):
                counts = [self._read(partition) for partition in self._cursor.places]
                if self._out >= self._prefetch:
                    return
                if not any(counts):
                    self._cursor.watch()
                    return
                if link.unsent_bytes > UNSENT_BYTES_MAX:
                    break
            link.is_behind = True
        except KernelError:
            self.channel.cancelled(self)

    def _read(self, partition: int) -> int:
        """How far it came."""
        return 0 if self._out >= self._prefetch else self._cursor.read(partition, self._send)

    def _send(self, block: Block, partition: int, start: int, end: int) -> int:
        """See `cursor.Send`."""
        entries = self._entries(block)
        room = self._prefetch - self._out
        size = 0
        offsets: list[int] = []
        known: list[bytes] = []
        for low, high in block.present(start, end):
            for offset in range(low, high):
                entry = entries[offset - block.offset]
                if self._selection is not None and not self._selection.wants(entry):
                    continue
                if len(offsets) == room or size >= READ_BYTES_MAX:
                    self._deliver(partition, known, offsets)
                    return offset
                offsets.append(offset)
                known.append(entry)
                size += len(entry)
        self._deliver(partition, known, offsets)
        return end

    def _entries(self, block: Block) -> list[bytes]:
        if block.format == AMQP091 and not block.packed:
            return block.slice(block.offset, block.end)
        now_ms = self.channel.link.session.wall_ms()
        return rendered_block(block, AMQP091, self._stream.name, now_ms)

    def _deliver(self, partition: int, entries: list[bytes], offsets: list[int]) -> None:
        count = len(offsets)
        if not count:
            return
        channel = self.channel
        session = channel.link.session
        known = stamped(entries, offsets)
        tag: int = channel.tag_next
        channel.tag_next = tag + count
        channel.tally.delivered += count
        channel.unacked.add(
            tag, tag + count, CURSOR, partition, self._number, tag, session.elapsed_ms()
        )
        self._out += count
        channel.link.is_owed = True
        frame_max = channel.link.tuning.frame_max
        frames = deliver_run(channel.number, self.tag_raw, tag, [False] * count, known, frame_max)
        channel.send_messages(frames)
        session.count_delivered(count, len(frames))


def start(channel: Channel, method: BasicConsume, tag: str, stream: StreamHead) -> Reader:
    """Open a reader; it reads once its consume-ok has been sent. Raises Refused (406, 540)."""
    link = channel.link
    place = f"queue '{stream.name}' in vhost '{link.vhost}'"
    if not channel.prefetch:
        text = f"consumer prefetch count is not set for '{place}'"
        raise Refused(PRECONDITION_FAILED, text)
    if method.no_ack:
        text = f"automatic acknowledgement not supported by stream queues {place}"
        raise Refused(NOT_IMPLEMENTED, text)
    if channel.pool:
        raise Refused(NOT_IMPLEMENTED, f"{place} does not support global qos")
    priority_of(method.arguments, stream.name, link.vhost)
    info = streams.describe(link, stream.name)
    places = places_of(link.session, info, method.arguments, link.vhost)
    reader = Reader(channel, tag, stream, places, selection_of(method.arguments))
    reader.exclusive = method.exclusive
    reader.arguments = method.arguments
    return reader
