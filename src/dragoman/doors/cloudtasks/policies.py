"""IAM of queues: who may do what with them and their tasks."""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.cloudtasks.names import queue_of
from dragoman.doors.cloudtasks.queues import find_queue, resource_of
from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.doors.shared.grpc.policies import Resource, permitted, policy_of, set_policy
from dragoman.wire.grpc.codes import NOT_FOUND


def get_policy(call: Call, request: Any) -> Reply:
    """See the API reference."""
    return policy_of(call.session, _find(call, request))


def set_iam_policy(call: Call, request: Any) -> Reply:
    """See the API reference."""
    return set_policy(call.session, _find(call, request), request)


def ask_permissions(call: Call, request: Any) -> Reply:
    """See the API reference: with a queue that is not there nobody may anything."""
    try:
        resource = _find(call, request)
    except Status as error:
        if error.code != NOT_FOUND:
            raise
        return permitted(call.session, None, request, "queues")
    return permitted(call.session, resource, request, resource.collection)


def _find(call: Call, request: Any) -> Resource:
    """The queue, which must be there; what may be done with it is asked later. Raises Status."""
    place = queue_of(request.resource)
    with by_broker(call):
        find_queue(call.session, place)
    return resource_of(place)


HANDLERS: Final[Mapping[str, Any]] = {
    "GetIamPolicy": get_policy,
    "SetIamPolicy": set_iam_policy,
    "TestIamPermissions": ask_permissions,
}
