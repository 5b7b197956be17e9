"""Tasks put where they belong, their queue or among those that wait for their time, and taken back from there."""

from typing import Final

from dragoman.doors.cloudtasks import ids
from dragoman.doors.cloudtasks.errors import invalid, no_room
from dragoman.doors.cloudtasks.mapping import Way, entry_of
from dragoman.doors.cloudtasks.names import Queue
from dragoman.kernel.api import (
    Address,
    CancelSchedule,
    NextSchedule,
    Publish,
    PublishReply,
    Session,
)
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message

TASK_BYTES_MAX: Final = 1 << 20


def put(session: Session, place: Queue, message: Message, way: Way, due_ms: int) -> str:
    """Into the queue, or to wait for `due_ms`; the id that it has by that. Raises KernelError, Status."""
    if due_ms:
        return put_off(session, place, message, way, due_ms)
    return publish(session, place, message, way)


def publish(session: Session, place: Queue, message: Message, way: Way) -> str:
    """Put it in the queue; the id of its place. Raises KernelError, Status."""
    reply = _send(session, place, _entry(message, way), 0)
    return ids.spell(ids.Place(reply.partition, reply.offset))


def put_off(session: Session, place: Queue, message: Message, way: Way, due_ms: int) -> str:
    """Let it wait; the id of where. It is written in the message, which is a place in the queue later. Raises
    KernelError, Status.
    """
    stream, offset = session.submit(NextSchedule(due_ms=due_ms))
    id_ = ids.spell(ids.Waiting(due_ms, stream, offset))
    if not way.task:
        way.task = message.id = id_
    reply = _send(session, place, _entry(message, way), due_ms)
    assert reply.schedule == (stream, offset), (reply.schedule, stream, offset)
    return id_


def _entry(message: Message, way: Way) -> bytes:
    entry = entry_of(message, way)
    if len(entry) > TASK_BYTES_MAX:
        raise invalid(f"The task is larger than {TASK_BYTES_MAX} bytes.")
    return entry


def _send(session: Session, place: Queue, entry: bytes, due_ms: int) -> PublishReply:
    command = Publish(place.project, Address(place.id), CANONICAL, [entry])
    command.due_ms = due_ms
    reply = session.publish(command)
    if reply.refused >= 0 or (reply.offset < 0 and not due_ms):
        raise no_room()
    return reply


def take_back(session: Session, place: Queue, waiting: tuple[int, int]) -> None:
    """It waits no more. Raises ScheduleNotFound."""
    stream, offset = waiting
    session.submit(
        CancelSchedule(namespace=place.project, name=place.id, stream=stream, offset=offset)
    )
