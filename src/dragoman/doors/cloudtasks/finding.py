"""Where a task is: among those that wait for their time, or in its queue.

    id or standing ──> waits?  ── yes ──> its message as it waits
                          | no
                          v
                    its place is known? ── yes ──> the message there
                          | no: it came due meanwhile
                          v
                    the queue from its due time on, message by message

Messages come to the queue in the order of their due times, so the last look ends soon but where much was late.
"""

from collections.abc import Iterator
from typing import Final

from dragoman.doors.cloudtasks.errors import no_task, too_far
from dragoman.doors.cloudtasks.ids import Place, Waiting, read, spell
from dragoman.doors.cloudtasks.mapping import way_of
from dragoman.doors.cloudtasks.names import Queue
from dragoman.doors.cloudtasks.queues import since_of
from dragoman.doors.cloudtasks.standing import Standing, standings_of
from dragoman.formats import decode
from dragoman.formats.errors import FormatError
from dragoman.kernel.api import (
    DescribeSchedule,
    DescribeStream,
    FindTime,
    Peek,
    Peeked,
    QueueHead,
    Session,
)
from dragoman.model.errors import PartitionNotFound, ScheduleNotFound
from dragoman.model.message import Message

LOOKS_MAX: Final = 10_000
LOOKS: Final = 200  # at once
WAITS: Final = "WAITS"
LEASED: Final = "LEASED"


class Found:
    """A task that is not over. `state` is WAITS or that of its message; `place` is None while it waits."""

    __slots__ = ("id", "message", "place", "standing", "state", "waiting")

    def __init__(
        self,
        id_: str,
        message: Message,
        standing: Standing,
        state: str,
        place: Place | None,
        waiting: tuple[int, int] | None,
    ) -> None:
        self.id = id_
        self.message = message
        self.standing = standing
        self.state = state
        self.place = place
        self.waiting = waiting


def decoded(format_: int, body: bytes, stored_ms: int) -> Message:
    """As it is where it cannot be read: it is listed all the same, and given up when its turn comes."""
    try:
        return decode(format_, body, 0, stored_ms)
    except FormatError:
        return Message(body)


def id_of(message: Message, queue: tuple[str, str], place: Place) -> str:
    """What the message at that place of a queue is called."""
    way = way_of(message)
    if way is not None and way.queue == queue and way.task:
        return way.task
    return spell(place)


def is_void(message: Message, queue: tuple[str, str], since_ms: int) -> bool:
    """Whether it was a task of the queue before that was purged, or deleted and made again."""
    way = way_of(message)
    return way is not None and way.queue == queue and way.made_ms <= since_ms


def standing_of(message: Message, stored_ms: int) -> Standing:
    """Of a task that has none kept."""
    way = way_of(message)
    if way is None:
        return Standing(stored_ms, stored_ms)
    created_ms = way.made_ms or stored_ms
    return Standing(created_ms, message.deliver_at_ms or created_ms)


class Finder:
    """Looks into one queue."""

    def __init__(self, session: Session, queue: Queue, head: QueueHead) -> None:
        self._session = session
        self._queue = queue
        self._key = (queue.project, queue.id)
        self._head = head
        self.since_ms = since_of(head.settings)
        self.standings = standings_of(session, queue)

    def find(self, id_: str) -> Found:
        """Raises Status when there is no such task, or no more."""
        known = self.standings.find(id_)
        if known is not None and known.over_ms:
            raise no_task()
        named = read(id_)
        place = named if isinstance(named, Place) else None
        waiting, due_ms = None, 0
        if isinstance(named, Waiting):
            waiting, due_ms = (named.stream, named.offset), named.due_ms
        if known is not None:
            place = place if known.place is None else Place(*known.place)
            waiting, due_ms = known.schedule or waiting, due_ms or known.due_ms
        if place is None and waiting is None:
            raise no_task()
        found = None
        if place is None and waiting is not None:
            found = self._waiting(id_, waiting, known)
        if found is None:
            found = self._at(id_, place, known) if place else self._since(id_, due_ms, known)
        if found is None:
            raise no_task()
        return found

    def _waiting(self, id_: str, waiting: tuple[int, int], known: Standing | None) -> Found | None:
        stream, offset = waiting
        command = DescribeSchedule(
            namespace=self._queue.project, name=self._queue.id, stream=stream, offset=offset
        )
        try:
            info = self._session.submit(command)
        except ScheduleNotFound:
            return None
        message = decoded(info.format, info.body, 0)
        return self.waiting(message, waiting, known, id_)

    def waiting(
        self,
        message: Message,
        waiting: tuple[int, int],
        known: Standing | None = None,
        wanted: str = "",
    ) -> Found | None:
        """The task of a message that waits; None where it is no task of ours, is void, or is not the one that is
        wanted.
        """
        way = way_of(message)
        if way is None or way.queue != self._key or is_void(message, self._key, self.since_ms):
            return None
        if wanted and way.task != wanted:
            return None
        standing = known or standing_of(message, 0)
        return Found(way.task, message, standing, WAITS, None, waiting)

    def _at(self, id_: str, place: Place, known: Standing | None) -> Found | None:
        try:
            peeked = self.peek(place, 1)
        except PartitionNotFound:
            return None
        if not peeked or peeked[0].offset != place.offset:
            return None
        found = self.there(place.partition, peeked[0], known)
        return found if found is not None and found.id == id_ else None

    def there(self, partition: int, peeked: Peeked, known: Standing | None = None) -> Found | None:
        """The task of a message in the queue; None where that is over, void, or left over from before a run."""
        message = decoded(peeked.format, peeked.body, peeked.stored_ms)
        if is_void(message, self._key, self.since_ms):
            return None
        place = Place(partition, peeked.offset)
        id_ = id_of(message, self._key, place)
        standing = known or self.standings.find(id_) or standing_of(message, peeked.stored_ms)
        if standing.over_ms or (standing.place is not None and standing.place != place):
            return None
        return Found(id_, message, standing, peeked.state, place, None)

    def _since(self, id_: str, due_ms: int, known: Standing | None) -> Found | None:
        """One that came to the queue at its time or later. Raises Status when too much came since."""
        looks = 0
        for partition in range(self._head.partition_count):
            for peeked in self._walk(Place(partition, self._first(partition, due_ms))):
                found = self.there(partition, peeked, None)
                if found is not None and found.id == id_:
                    found.standing = known or found.standing
                    return found
                looks += 1
                if looks == LOOKS_MAX:
                    raise too_far()
        return None

    def _first(self, partition: int, time_ms: int) -> int:
        """The first offset that was stored then or later, or lower."""
        project, id_ = self._key
        command = FindTime(namespace=project, name=id_, partition=partition, time_ms=time_ms)
        offset: int = self._session.submit(command)[0]
        if offset < 0:  # it does not see the newest
            stream = self._session.submit(DescribeStream(namespace=project, name=id_))
            offset = stream.partitions[partition].committed
        return offset

    def _walk(self, place: Place) -> Iterator[Peeked]:
        while True:
            peeked = self.peek(place, LOOKS)
            yield from peeked
            if not peeked:
                return
            place = Place(place.partition, peeked[-1].offset + 1)

    @property
    def partition_count(self) -> int:
        """Of the queue's stream."""
        return self._head.partition_count

    def has(self, place: Place) -> bool:
        """Whether there may be more from a place on."""
        return place.partition + 1 < self._head.partition_count or bool(self.peek(place, 1))

    def peek(self, place: Place, count: int) -> list[Peeked]:
        """Messages that are not done, from a place on. Raises PartitionNotFound."""
        command = Peek(
            namespace=self._queue.project,
            name=self._queue.id,
            partition=place.partition,
            offset=place.offset,
            count_max=count,
        )
        found: list[Peeked] = self._session.submit(command)
        return found
