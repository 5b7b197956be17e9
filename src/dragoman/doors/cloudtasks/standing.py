"""What is known of a task beside its message: a document `cloudtasks.task`, QUEUE/TASK, for those that need one.

    named by its client    from when it is made, so that the name is taken
    tried in vain          what came of it
    run now                when, and until when its message is left alone if it comes up meanwhile
    over                   deleted or run while its message was in the queue: that is dropped when it comes up
                           (`is_left`), or given up then (`is_spent`);
                           one that was named: its name cannot be had again for TOMBSTONE_MS

All others are messages and nothing else.
"""

from contextlib import suppress
from typing import Final

import msgspec

from dragoman.doors.cloudtasks.names import Queue
from dragoman.kernel.api import (
    ANY,
    DECLARE,
    STREAM,
    DeleteDocument,
    GetDocument,
    ListDocuments,
    Need,
    PutDocument,
    Session,
)
from dragoman.model.errors import DocumentNotFound

KIND: Final = "cloudtasks.task"
TOMBSTONE_MS: Final = 3_600_000


class Standing(msgspec.Struct, omit_defaults=True):
    """See the module. Times are wall times.

    due_ms       when it is to be tried next
    place        (partition, offset) in the queue; schedule: (stream, offset) among those that wait. Neither: as its
                 name says
    responses    answers, whatever they said; executions: those that were not 5xx
    status       of the last answer; 0 none
    is_named     by its client: once over it leaves a tombstone
    held_ms      its message is left alone until then
    """

    created_ms: int
    due_ms: int
    place: tuple[int, int] | None = None
    schedule: tuple[int, int] | None = None
    dispatches: int = 0
    responses: int = 0
    executions: int = 0
    first_scheduled_ms: int = 0
    first_ms: int = 0
    last_scheduled_ms: int = 0
    last_ms: int = 0
    answered_ms: int = 0
    status: int = 0
    reason: str = ""
    over_ms: int = 0
    is_named: bool = False
    is_left: bool = False
    is_spent: bool = False
    held_ms: int = 0


class Standings:
    """Those of one queue, by the ids of its tasks."""

    def __init__(self, session: Session, namespace: str, queue: str) -> None:
        self._session = session
        self._namespace = namespace
        self._queue = queue
        self._takes = Need(namespace, STREAM, queue, ANY, DECLARE)  # who makes queues, too

    def find(self, id_: str) -> Standing | None:
        """What is known of it."""
        command = GetDocument(namespace=self._namespace, kind=KIND, name=self._name(id_))
        try:
            document = self._session.submit(command)
        except DocumentNotFound:
            return None
        found: Standing = msgspec.json.decode(document.body, type=Standing)
        return found

    def put(self, id_: str, standing: Standing) -> None:
        """Know this of it. Raises QuotaExceeded."""
        command = PutDocument(
            namespace=self._namespace,
            kind=KIND,
            name=self._name(id_),
            body=msgspec.json.encode(standing),
            takes=self._takes,
        )
        self._session.submit(command)

    def finish(self, id_: str, standing: Standing, *, is_left: bool = False) -> None:
        """A task is over. `is_left`: its message is still to come up. Raises QuotaExceeded."""
        if standing.is_named or is_left:
            standing.over_ms = self._session.wall_ms()
            standing.is_left = is_left
            self.put(id_, standing)
        else:
            self.forget(id_)

    def forget(self, id_: str) -> None:
        """Know nothing of it."""
        with suppress(DocumentNotFound):
            self._delete(self._name(id_))

    def _delete(self, name: str) -> None:
        command = DeleteDocument(namespace=self._namespace, kind=KIND, name=name, takes=self._takes)
        self._session.submit(command)

    def sweep(self, tombstone_ms: int) -> None:
        """Forget the tombstones that are at least so old; negative: all that is known of the queue's tasks."""
        before_ms = self._session.wall_ms() - tombstone_ms
        prefix = after = self._name("")
        while True:
            command = ListDocuments(
                namespace=self._namespace, kind=KIND, prefix=prefix, after=after
            )
            found = self._session.submit(command)
            for document in found:
                known = msgspec.json.decode(document.body, type=Standing)
                is_old = 0 < known.over_ms <= before_ms and not known.is_left
                if is_old or tombstone_ms < 0:
                    self._delete(document.name)
            if not found:
                return
            after = found[-1].name

    def _name(self, id_: str) -> str:
        return f"{self._queue}/{id_}"


def standings_of(session: Session, queue: Queue) -> Standings:
    """Those of a queue by its name."""
    return Standings(session, queue.project, queue.id)
