"""Message move tasks: a pump that empties a dead-letter queue, to where its messages died or to a named queue.

    TaskHandle    base64 of JSON: the pump's name and the source's ARN
    pump          named `sqs.task.` and unpredictable text

How far a task came, and how it ended, is what the kernel tells of its pump.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

import msgspec

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs.asking import Asked
from dragoman.doors.sqs.errors import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_NOT_FOUND,
    UNSUPPORTED_OPERATION,
    Refused,
    invalid,
    missing,
)
from dragoman.doors.sqs.names import Place, arn, read_arn
from dragoman.doors.sqs.queue import Queue
from dragoman.doors.sqs.queues import called, changed
from dragoman.doors.sqs.redrive import sources_of
from dragoman.doors.sqs.service import Service
from dragoman.kernel.api import (
    Address,
    CreatePump,
    DeletePump,
    ListPumps,
    ListQueues,
    PumpInfo,
    PumpSettings,
    QueueInfo,
    Session,
)
from dragoman.wire.aws import shapes as s

RATE_MAX: Final = 500
LISTED_MAX: Final = 10
PREFIX: Final = "sqs.task."
ID_BYTES: Final = 16
STATES: Final[Mapping[str, str]] = {
    "running": "RUNNING",
    "done": "COMPLETED",
    "cancelled": "CANCELLED",
    "failed": "FAILED",
}


def start_message_move_task(
    service: Service, asked: Asked, request: s.StartMessageMoveTask
) -> Response:
    """See the API reference."""
    source = _queue(service, asked, "SourceArn", request.source_arn)
    session = asked.session
    rate = request.rate
    if rate is not None and not 0 < rate <= RATE_MAX:
        raise invalid("MaxNumberOfMessagesPerSecond", rate, f"Must be between 1 and {RATE_MAX}.")
    if not sources_of(session, source.namespace, source.head.name):
        raise invalid(
            "SourceArn",
            request.source_arn,
            "Source queue must be configured as a Dead Letter Queue.",
        )
    targets: tuple[Address, ...] = ()
    if request.destination_arn:
        target = _queue(service, asked, "DestinationArn", request.destination_arn)
        _check_target(source, target, request.destination_arn)
        targets = (Address(target.head.name),)
    if any(task.state == "running" for task in _tasks(session, source)):
        raise Refused(
            UNSUPPORTED_OPERATION,
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        )
    name = PREFIX + session.token(ID_BYTES).hex()
    session.submit(
        CreatePump(
            namespace=source.namespace,
            name=name,
            source=source.head.name,
            subscription=source.head.name,
            settings=PumpSettings(
                targets=targets, to_origin=not targets, until_end=True, rate_max=rate or 0
            ),
        )
    )
    assert request.source_arn is not None
    return changed(asked, asked.answer(s.TaskStarted(write_handle(name, request.source_arn))))


def _queue(service: Service, asked: Asked, name: str, text: str | None) -> Queue:
    """The queue of an ARN. Raises Refused."""
    if not text:
        raise missing(name)
    place = read_arn(text)
    if place is None:
        raise Refused(
            INVALID_PARAMETER_VALUE,
            f"You must use this format to specify the {name}: arn:aws:sqs:region:account-id:resource-name",
        )
    try:
        return service.queues.at(asked.session, place)
    except Refused:
        raise Refused(
            RESOURCE_NOT_FOUND,
            f"The resource that you specified for the {name} parameter doesn't exist.",
        ) from None


def _check_target(source: Queue, target: Queue, text: str) -> None:
    if target.head.id == source.head.id:
        raise invalid(
            "DestinationArn", text, "The source queue and the destination queue must differ."
        )
    if target.namespace != source.namespace:
        raise invalid("DestinationArn", text, "The destination queue belongs to another account.")
    if target.traits.is_fifo != source.traits.is_fifo:
        raise invalid(
            "DestinationArn", text, "The destination queue must be of the source queue's type."
        )


def _tasks(session: Session, source: Queue) -> list[PumpInfo]:
    """Move tasks of a queue, the latest first."""
    found: list[PumpInfo] = session.submit(
        ListPumps(namespace=source.namespace, source=source.head.name, with_ended=True)
    )
    tasks = [pump for pump in found if pump.name.startswith(PREFIX)]
    return sorted(tasks, key=lambda pump: (pump.started_ms, pump.id), reverse=True)


def list_message_move_tasks(
    service: Service, asked: Asked, request: s.ListMessageMoveTasks
) -> Response:
    """See the API reference."""
    count = 1 if request.max_results is None else request.max_results
    if not 0 < count <= LISTED_MAX:
        raise invalid("MaxResults", count, f"Must be between 1 and {LISTED_MAX}.")
    source = _queue(service, asked, "SourceArn", request.source_arn)
    assert request.source_arn is not None
    tasks = [
        _shown(asked, source, request.source_arn, pump)
        for pump in _tasks(asked.session, source)[:count]
    ]
    return asked.answer(s.Tasks(tasks or msgspec.UNSET))


def _shown(asked: Asked, source: Queue, source_arn: str, pump: PumpInfo) -> s.Task:
    is_running = pump.state == "running"
    task = s.Task(
        task_handle=write_handle(pump.name, source_arn) if is_running else None,
        status=STATES[pump.state],
        source_arn=source_arn,
        moved=pump.carried,
        to_move=pump.carried + pump.left,
        started_ms=pump.started_ms,
        rate=pump.settings.rate_max or None,
        failure=pump.trouble or None if pump.state == "failed" else None,
    )
    for target in pump.settings.targets:
        task.destination_arn = arn(_place_called(asked.session, source, target.name), asked.region)
    return task


def _place_called(session: Session, source: Queue, stream: str) -> Place:
    infos: list[QueueInfo] = [
        info
        for info in session.submit(ListQueues(namespace=source.namespace))
        if info.name == stream
    ]
    names = called(session, infos)
    return Place(source.place.account, names[0] if names else stream)


def cancel_message_move_task(
    service: Service, asked: Asked, request: s.CancelMessageMoveTask
) -> Response:
    """See the API reference."""
    if not request.task_handle:
        raise missing("TaskHandle")
    name, source_arn = read_handle(request.task_handle)
    source = _queue(service, asked, "SourceArn", source_arn)
    running = {task.name: task for task in _tasks(asked.session, source) if task.state == "running"}
    if name not in running:
        raise Refused(RESOURCE_NOT_FOUND, "Task does not exist.")
    ended: PumpInfo = asked.session.submit(DeletePump(namespace=source.namespace, name=name))
    return changed(asked, asked.answer(s.TaskCancelled(ended.carried)))


def write_handle(name: str, source_arn: str) -> str:
    """What a client shows to cancel a task."""
    return urlsafe_b64encode(
        json.dumps({"taskId": name, "sourceArn": source_arn}).encode()
    ).decode()


def read_handle(handle: str) -> tuple[str, str]:
    """(pump's name, source's ARN). Raises Refused."""
    try:
        found = json.loads(urlsafe_b64decode(handle.encode()))
        name, source_arn = found["taskId"], found["sourceArn"]
    except (ValueError, TypeError, KeyError, RecursionError):
        name = source_arn = None
    if type(name) is not str or type(source_arn) is not str or read_arn(source_arn) is None:
        raise invalid("TaskHandle", handle, "It is no handle of a task.")
    return name, source_arn
