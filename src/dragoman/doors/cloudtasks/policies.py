"""IAM of queues: policies kept and told, and what the caller may do.

Whoever may call at all (`access`) may do everything here, so TestIamPermissions answers with all permissions that it is
asked about. A policy goes with its queue.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from dragoman.doors.cloudtasks.names import Queue, queue_of
from dragoman.doors.cloudtasks.queues import find_queue
from dragoman.doors.shared.grpc.call import Call, Reply
from dragoman.doors.shared.grpc.policies import all_permitted, keep_policy, policy_of
from dragoman.kernel.api import DeleteDocument
from dragoman.model.errors import DocumentNotFound

KIND: Final = "cloudtasks.policy"


def get_policy(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = _there(call, request)
    return policy_of(call.session, place.project, KIND, place.id)


def set_policy(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = _there(call, request)
    return keep_policy(call.session, place.project, KIND, place.id, request.policy)


def ask_permissions(call: Call, request: Any) -> Reply:
    """See the API reference."""
    _there(call, request)
    return all_permitted(request)


def forgetting(delete_queue: Callable[[Call, Any], Reply]) -> Callable[[Call, Any], Reply]:
    """The method that deletes a queue, and its policy with it."""

    def deleted(call: Call, request: Any) -> Reply:
        reply = delete_queue(call, request)
        place = queue_of(request.name)
        with suppress(DocumentNotFound):
            call.session.submit(DeleteDocument(namespace=place.project, kind=KIND, name=place.id))
        return reply

    return deleted


def _there(call: Call, request: Any) -> Queue:
    place = queue_of(request.resource)
    find_queue(call.session, place)
    return place


HANDLERS: Final[Mapping[str, Any]] = {
    "GetIamPolicy": get_policy,
    "SetIamPolicy": set_policy,
    "TestIamPermissions": ask_permissions,
}
