"""The service: two paths that all requests come by, a table of actions, and how it says no.

    POST /                    JSON and query       GET /?Action=...              query
    POST /ACCOUNT/QUEUE ...   the same, where old clients send them             GET /ACCOUNT/QUEUE?Action=...

The last part of a path is a queue, for requests that name none otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dragoman.doors.shared.rest.call import Call, Parked, Request, Response, Route
from dragoman.doors.sqs import moving, queues, receiving, sending, settling, tags
from dragoman.doors.sqs.asking import Asked, RequestIds, is_json, refusal
from dragoman.doors.sqs.errors import INVALID_ACTION, Refused, refusal_of
from dragoman.doors.sqs.service import Service

Answer = Callable[[Service, Asked, Any], Response | Parked]

ACTIONS: Final[Mapping[str, Answer]] = {
    "AddPermission": tags.add_permission,
    "CancelMessageMoveTask": moving.cancel_message_move_task,
    "ChangeMessageVisibility": settling.change_message_visibility,
    "ChangeMessageVisibilityBatch": settling.change_message_visibility_batch,
    "CreateQueue": queues.create_queue,
    "DeleteMessage": settling.delete_message,
    "DeleteMessageBatch": settling.delete_message_batch,
    "DeleteQueue": queues.delete_queue,
    "GetQueueAttributes": queues.get_queue_attributes,
    "GetQueueUrl": queues.get_queue_url,
    "ListDeadLetterSourceQueues": queues.list_dead_letter_source_queues,
    "ListMessageMoveTasks": moving.list_message_move_tasks,
    "ListQueueTags": tags.list_queue_tags,
    "ListQueues": queues.list_queues,
    "PurgeQueue": queues.purge_queue,
    "ReceiveMessage": receiving.receive_message,
    "RemovePermission": tags.remove_permission,
    "SendMessage": sending.send_message,
    "SendMessageBatch": sending.send_message_batch,
    "SetQueueAttributes": queues.set_queue_attributes,
    "StartMessageMoveTask": moving.start_message_move_task,
    "TagQueue": tags.tag_queue,
    "UntagQueue": tags.untag_queue,
}


def is_meant(request: Request) -> bool:
    """Whether a request speaks SQS: an action in a header, a form or a query."""
    if is_json(request):
        return True
    if b"Action=" in request.query:
        return True
    return request.method == "POST" and b"Action=" in request.body


class SqsFace:
    """See `doors.shared.rest.call.Face`."""

    name = "sqs"

    def __init__(self, *, is_strict: bool = True) -> None:
        self._service = Service(is_strict=is_strict)
        self._ids = RequestIds()

    def routes(self) -> Sequence[Route]:
        """See the module."""
        return [
            Route(method, template, self._serve, guard=is_meant)
            for template in ("/", "/{queue+}")
            for method in ("POST", "GET")
        ]

    def _serve(self, call: Call) -> Response | Parked:
        asked = Asked(call, self._ids.next(call.session))
        try:
            request = asked.read()
            return ACTIONS[asked.action](self._service, asked, request)
        except Refused as refused:
            return refusal(call.request, refused, asked.request_id)

    def refuse(self, request: Request, error: Exception) -> Response:
        """See `Face.refuse`."""
        return refusal(request, refusal_of(error), self._ids.last())

    def not_found(self, request: Request, allowed: Sequence[str]) -> Response | None:
        """A request that says it is for SQS, in a way that SQS does not take."""
        if not is_json(request) and b"Action=" not in request.query:
            return None
        text = "Requests are made with GET or POST."
        return refusal(request, Refused(INVALID_ACTION, text), self._ids.last())
