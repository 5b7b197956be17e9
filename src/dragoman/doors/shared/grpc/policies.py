"""google.iam.v1's policies of resources: each is a document, its etag is the document's version."""

from typing import Any, Final

from dragoman.doors.shared.grpc.call import Reply, Status, written
from dragoman.kernel.api import ANY_VERSION, NO_VERSION, Document, GetDocument, PutDocument, Session
from dragoman.model.errors import DocumentNotFound, VersionDiffers
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT
from dragoman.wire.protobuf.iam import IAM

NEVER_SET: Final = b"\0"  # the etag where nothing was ever set
Policy: Final[Any] = IAM["Policy"]
Permissions: Final[Any] = IAM["TestIamPermissionsResponse"]


def policy_of(session: Session, namespace: str, kind: str, name: str) -> Reply:
    """The policy that is kept under that name; an empty one where none was ever set."""
    try:
        found = session.submit(GetDocument(namespace=namespace, kind=kind, name=name))
    except DocumentNotFound:
        found = None
    return Reply(_told(found))


def keep_policy(session: Session, namespace: str, kind: str, name: str, given: Any) -> Reply:
    """Keep it; with an etag, only if nobody has changed it since. Raises Status."""
    policy = Policy()
    policy.CopyFrom(given)
    policy.ClearField("etag")
    command = PutDocument(
        namespace=namespace,
        kind=kind,
        name=name,
        body=policy.SerializeToString(),
        expected=_expected(given.etag),
    )
    try:
        document = session.submit(command)
    except VersionDiffers:
        raise Status(ABORTED, "There were concurrent policy changes.") from None
    return written(session, _told(document))


def all_permitted(request: Any) -> Reply:
    """Every permission that is asked about. Raises Status."""
    if any("*" in name for name in request.permissions):
        raise Status(INVALID_ARGUMENT, "Permissions with wildcards are not allowed.")
    return Reply(Permissions(permissions=request.permissions))


def _told(document: Document | None) -> Any:
    policy = Policy() if document is None else Policy.FromString(document.body)
    policy.etag = NEVER_SET if document is None else document.version.to_bytes(8, "big")
    return policy


def _expected(etag: bytes) -> int:
    if not etag:
        return ANY_VERSION
    return NO_VERSION if etag == NEVER_SET else int.from_bytes(etag[:8], "big")
