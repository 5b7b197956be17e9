"""IAM of queues: policies kept and told, and what the caller may do.

Whoever may call at all (`access`) may do everything here, so TestIamPermissions answers with all permissions that it is
asked about. A policy is a document; its etag is the document's version. It goes with its queue.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from dragoman.doors.cloudtasks.errors import invalid
from dragoman.doors.cloudtasks.names import Queue, queue_of
from dragoman.doors.cloudtasks.queues import find_queue, written
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.kernel.api import (
    ANY_VERSION,
    NO_VERSION,
    DeleteDocument,
    Document,
    GetDocument,
    PutDocument,
)
from dragoman.model.errors import DocumentNotFound, VersionDiffers
from dragoman.wire.grpc.codes import ABORTED
from dragoman.wire.protobuf.iam import IAM

KIND: Final = "cloudtasks.policy"
NEVER_SET: Final = b"\0"  # the etag where nothing was ever set
Policy: Final[Any] = IAM["Policy"]
Permissions: Final[Any] = IAM["TestIamPermissionsResponse"]


def get_policy(call: Call, request: Any) -> Reply:
    """See the API reference."""
    place = _there(call, request)
    command = GetDocument(namespace=place.project, kind=KIND, name=place.id)
    try:
        return Reply(_told(call.session.submit(command)))
    except DocumentNotFound:
        return Reply(_told(None))


def set_policy(call: Call, request: Any) -> Reply:
    """See the API reference: with an etag, only if nobody has changed it since."""
    place = _there(call, request)
    policy = Policy()
    policy.CopyFrom(request.policy)
    policy.ClearField("etag")
    command = PutDocument(
        namespace=place.project,
        kind=KIND,
        name=place.id,
        body=policy.SerializeToString(),
        expected=_expected(request.policy.etag),
    )
    try:
        document = call.session.submit(command)
    except VersionDiffers:
        raise Status(ABORTED, "There were concurrent policy changes.") from None
    return written(call.session, _told(document))


def ask_permissions(call: Call, request: Any) -> Reply:
    """See the API reference."""
    _there(call, request)
    if any("*" in name for name in request.permissions):
        raise invalid("Permissions with wildcards are not allowed.")
    return Reply(Permissions(permissions=request.permissions))


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


def _told(document: Document | None) -> Any:
    policy = Policy() if document is None else Policy.FromString(document.body)
    policy.etag = NEVER_SET if document is None else document.version.to_bytes(8, "big")
    return policy


def _expected(etag: bytes) -> int:
    if not etag:
        return ANY_VERSION
    return NO_VERSION if etag == NEVER_SET else int.from_bytes(etag[:8], "big")


HANDLERS: Final[Mapping[str, Any]] = {
    "GetIamPolicy": get_policy,
    "SetIamPolicy": set_policy,
    "TestIamPermissions": ask_permissions,
}
