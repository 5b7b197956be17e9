"""What is known of a task beside its message: a document `cloudtasks.task` for each, QUEUE/TASK.

    waiting     place: where its message is; a message elsewhere that has its name is left over from before a run
    over        over_ms: when it was done, deleted or given up. Its name cannot be had again for TOMBSTONE_MS

A message that another protocol brought has none before its first attempt; it is called by its place.
"""

from contextlib import suppress
from typing import Final

import msgspec

from dragoman.doors.cloudtasks.names import Queue
from dragoman.kernel.api import DeleteDocument, GetDocument, ListDocuments, PutDocument, Session
from dragoman.model.errors import DocumentNotFound

KIND: Final = "cloudtasks.task"
TOMBSTONE_MS: Final = 3_600_000
_FOREIGN: Final = "at"


class Standing(msgspec.Struct, omit_defaults=True):
    """See the module. Times are wall times.

    due_ms       when it is to be tried next
    responses    answers, whatever they said; executions: those that were not 5xx
    status       of the last answer; 0 none
    is_named     by its client: once over it leaves a tombstone
    """

    partition: int
    offset: int
    created_ms: int
    due_ms: int
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


def foreign_id(partition: int, offset: int) -> str:
    """What a message is called that nobody named."""
    return f"{_FOREIGN}-{partition}-{offset}"


def foreign_place(id_: str) -> tuple[int, int] | None:
    """(partition, offset) of such a name; None for others."""
    head, _, rest = id_.partition("-")
    partition, _, offset = rest.partition("-")
    numbers = partition + offset
    if head != _FOREIGN or not (partition and offset and numbers.isdecimal() and numbers.isascii()):
        return None
    return (int(partition), int(offset)) if len(numbers) < 30 else None


def _name(queue: str, id_: str) -> str:
    return f"{queue}/{id_}"


def find(session: Session, namespace: str, queue: str, id_: str) -> Standing | None:
    """What is known of it."""
    command = GetDocument(namespace=namespace, kind=KIND, name=_name(queue, id_))
    try:
        document = session.submit(command)
    except DocumentNotFound:
        return None
    return msgspec.json.decode(document.body, type=Standing)


def put(session: Session, namespace: str, queue: str, id_: str, standing: Standing) -> None:
    """Know this of it."""
    body = msgspec.json.encode(standing)
    session.submit(PutDocument(namespace=namespace, kind=KIND, name=_name(queue, id_), body=body))


def finish(
    session: Session, namespace: str, queue: str, id_: str, standing: Standing, *, is_here: bool
) -> None:
    """A task is over. `is_here`: so is its message, else it is still to come up."""
    if standing.is_named or (not is_here and foreign_place(id_) is not None):
        standing.over_ms = session.wall_ms()
        put(session, namespace, queue, id_, standing)
        return
    with suppress(DocumentNotFound):
        session.submit(DeleteDocument(namespace=namespace, kind=KIND, name=_name(queue, id_)))


def sweep(session: Session, queue: Queue, *, everything: bool = False) -> None:
    """Forget the tombstones that are old enough; `everything`: all that is known of the queue's tasks."""
    before_ms = session.wall_ms() - TOMBSTONE_MS
    after = ""
    while True:
        command = ListDocuments(
            namespace=queue.project, kind=KIND, prefix=f"{queue.id}/", after=after
        )
        found = session.submit(command)
        for document in found:
            known = msgspec.json.decode(document.body, type=Standing)
            if everything or (known.is_named and 0 < known.over_ms < before_ms):
                session.submit(
                    DeleteDocument(namespace=queue.project, kind=KIND, name=document.name)
                )
        if not found:
            return
        after = found[-1].name
