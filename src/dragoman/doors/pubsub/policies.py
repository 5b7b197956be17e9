"""google.iam.v1.IAMPolicy: policies of resources, kept and told, and acted on by nobody.

There is one principal: whoever may call at all (`access`) may do everything. So TestIamPermissions answers with all
permissions that it is asked about. A policy is a document; its etag is the document's version.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.doors.pubsub.errors import invalid
from dragoman.doors.pubsub.finding import POLICY, find_topic
from dragoman.doors.pubsub.masks import written
from dragoman.doors.pubsub.names import (
    SCHEMAS,
    SNAPSHOTS,
    SUBSCRIPTIONS,
    TOPICS,
    Place,
    bad_name,
    place_of,
)
from dragoman.doors.pubsub.schemas import get_subject
from dragoman.doors.pubsub.seeking import find_snapshot
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.shared.grpc.call import Call, Reply, Status
from dragoman.kernel.api import ANY_VERSION, NO_VERSION, Document, GetDocument, PutDocument, Session
from dragoman.model.errors import DocumentNotFound, VersionDiffers
from dragoman.wire.grpc.codes import ABORTED
from dragoman.wire.protobuf.iam import IAM

Policy: Final[Any] = IAM["Policy"]
Permissions: Final[Any] = IAM["TestIamPermissionsResponse"]
NEVER_SET: Final = b"\0"  # the etag where nothing was ever set


class Policies:
    """The three methods."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._finders: Mapping[str, Callable[[Session, Place], object]] = {
            TOPICS: find_topic,
            SUBSCRIPTIONS: standing.locations.get,
            SNAPSHOTS: find_snapshot,
            SCHEMAS: get_subject,
        }

    def _find(self, session: Session, resource: str) -> Place:
        """The resource, which must be there. Raises Status."""
        kind = resource.split("/")[2] if resource.count("/") == 3 else ""
        if kind not in self._finders:
            raise bad_name(resource)
        place = place_of(resource, kind)
        self._finders[kind](session, place)
        return place

    def get(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        session = call.session
        place = self._find(session, request.resource)
        return Reply(_told(_document(session, place, request.resource)))

    def set(self, call: Call, request: Any) -> Reply:
        """See the API reference: with an etag, only if nobody has changed it since."""
        session = call.session
        place = self._find(session, request.resource)
        policy = Policy()
        policy.CopyFrom(request.policy)
        policy.ClearField("etag")
        try:
            document = session.submit(
                PutDocument(
                    namespace=place.project,
                    kind=POLICY,
                    name=request.resource,
                    body=policy.SerializeToString(),
                    expected=_expected(request.policy.etag),
                )
            )
        except VersionDiffers:
            raise Status(ABORTED, "There were concurrent policy changes.") from None
        return written(session, _told(document))

    def test(self, call: Call, request: Any) -> Reply:
        """See the API reference."""
        self._find(call.session, request.resource)
        if any("*" in name for name in request.permissions):
            raise invalid("Permissions with wildcards are not allowed.")
        return Reply(Permissions(permissions=request.permissions))


def _document(session: Session, place: Place, resource: str) -> Document | None:
    command = GetDocument(namespace=place.project, kind=POLICY, name=resource)
    try:
        found: Document = session.submit(command)
    except DocumentNotFound:
        return None
    return found


def _told(document: Document | None) -> Any:
    policy = Policy() if document is None else Policy.FromString(document.body)
    policy.etag = NEVER_SET if document is None else document.version.to_bytes(8, "big")
    return policy


def _expected(etag: bytes) -> int:
    if not etag:
        return ANY_VERSION
    return NO_VERSION if etag == NEVER_SET else int.from_bytes(etag[:8], "big")
