"""Google's permissions and roles in the kernel's operations: the table that policies are read by, and told by.

    permission   SERVICE.COLLECTION.VERB    needs    operations any of which is enough; `whole`: on the namespace, too
                                            gives    operations that a role with it is granted
    role         a set of permissions; on a resource those count that are about its collection

A role is granted on one resource. What Google asks of a whole project (to make something, to list) nobody is granted
here: that is the operator's to grant (see docs/permissions.md).
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dragoman.kernel.api import (
    ALTER,
    CONFIGURE,
    DECLARE,
    DELETE,
    DESCRIBE,
    INSPECT,
    OPERATIONS,
    PERMIT,
    READ,
    RECEIVE,
    SEND,
    SETTLE,
)


class Right(NamedTuple):
    """See the module."""

    needs: int
    gives: tuple[str, ...]
    whole: int = 0


_GET: Final = Right(INSPECT, ("describe", "inspect"))
_UPDATE: Final = Right(ALTER | CONFIGURE, ("configure",))
_DELETE: Final = Right(DELETE, ("delete",))
_READ_POLICY: Final = Right(PERMIT, ("permit",), DESCRIBE)
_SET_POLICY: Final = Right(PERMIT, ("permit",), ALTER)

RIGHTS: Final[Mapping[str, Right]] = {
    "pubsub.topics.publish": Right(SEND, ("send",)),
    "pubsub.topics.attachSubscription": Right(DECLARE, ("declare",)),
    "pubsub.topics.detachSubscription": _DELETE,
    "pubsub.topics.get": _GET,
    "pubsub.topics.update": _UPDATE,
    "pubsub.topics.delete": _DELETE,
    "pubsub.topics.getIamPolicy": _READ_POLICY,
    "pubsub.topics.setIamPolicy": _SET_POLICY,
    "pubsub.subscriptions.consume": Right(RECEIVE, ("receive", "settle")),
    "pubsub.subscriptions.get": _GET,
    "pubsub.subscriptions.update": _UPDATE,
    "pubsub.subscriptions.delete": _DELETE,
    "pubsub.subscriptions.getIamPolicy": _READ_POLICY,
    "pubsub.subscriptions.setIamPolicy": _SET_POLICY,
    "pubsub.snapshots.seek": Right(READ, ("read",)),
    "pubsub.snapshots.get": _GET,
    "pubsub.snapshots.update": _UPDATE,
    "pubsub.snapshots.delete": _DELETE,
    "pubsub.snapshots.getIamPolicy": _READ_POLICY,
    "pubsub.snapshots.setIamPolicy": _SET_POLICY,
    "pubsub.schemas.attach": Right(CONFIGURE, ("configure",)),
    "pubsub.schemas.commit": Right(DECLARE, ("declare",)),
    "pubsub.schemas.rollback": Right(DECLARE, ("declare",)),
    "pubsub.schemas.get": _GET,
    "pubsub.schemas.listRevisions": _GET,
    "pubsub.schemas.validate": _GET,
    "pubsub.schemas.delete": _DELETE,
    "pubsub.schemas.getIamPolicy": _READ_POLICY,
    "pubsub.schemas.setIamPolicy": _SET_POLICY,
    "cloudtasks.queues.get": _GET,
    "cloudtasks.queues.update": _UPDATE,
    "cloudtasks.queues.pause": _UPDATE,
    "cloudtasks.queues.resume": _UPDATE,
    "cloudtasks.queues.purge": _DELETE,
    "cloudtasks.queues.delete": _DELETE,
    "cloudtasks.queues.getIamPolicy": _READ_POLICY,
    "cloudtasks.queues.setIamPolicy": _SET_POLICY,
    "cloudtasks.tasks.create": Right(SEND, ("send",)),
    "cloudtasks.tasks.get": Right(READ, ("read",)),
    "cloudtasks.tasks.list": Right(READ, ("read",)),
    "cloudtasks.tasks.fullView": Right(SEND | READ | RECEIVE, ()),  # of what one may see anyway
    "cloudtasks.tasks.delete": Right(SETTLE, ("settle",)),
    "cloudtasks.tasks.run": Right(RECEIVE, ("receive",)),
}


def _all(*prefixes: str) -> frozenset[str]:
    return frozenset(name for name in RIGHTS if name.startswith(prefixes))


_POLICIES: Final = frozenset(name for name in RIGHTS if name.endswith("IamPolicy"))
_VIEWED: Final = frozenset(
    name
    for name in RIGHTS
    if name.endswith((".get", ".list", ".listRevisions", ".validate")) and name not in _POLICIES
)
_PUBSUB: Final = _all("pubsub.")
_TASKS: Final = _all("cloudtasks.")

ROLES: Final[Mapping[str, frozenset[str]]] = {
    "roles/owner": frozenset(RIGHTS),
    "roles/editor": frozenset(RIGHTS) - _POLICIES,
    "roles/viewer": _VIEWED,
    "roles/pubsub.admin": _PUBSUB,
    "roles/pubsub.editor": _PUBSUB - _POLICIES,
    "roles/pubsub.viewer": _PUBSUB & _VIEWED,
    "roles/pubsub.publisher": frozenset(("pubsub.topics.publish",)),
    "roles/pubsub.subscriber": frozenset(
        (
            "pubsub.subscriptions.consume",
            "pubsub.snapshots.seek",
            "pubsub.topics.attachSubscription",
        )
    ),
    "roles/cloudtasks.admin": _TASKS,
    "roles/cloudtasks.viewer": _TASKS & _VIEWED,
    "roles/cloudtasks.queueAdmin": _all("cloudtasks.queues."),
    "roles/cloudtasks.enqueuer": frozenset(
        ("cloudtasks.tasks.create", "cloudtasks.tasks.fullView")
    ),
    "roles/cloudtasks.taskDeleter": frozenset(("cloudtasks.tasks.delete",)),
    "roles/cloudtasks.taskRunner": frozenset(("cloudtasks.tasks.run", "cloudtasks.tasks.fullView")),
}
"""As the service's own roles are; the three without a service are what they were on a single resource."""

COLLECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "topics": ("pubsub.topics.",),
    "subscriptions": ("pubsub.subscriptions.",),
    "snapshots": ("pubsub.snapshots.",),
    "schemas": ("pubsub.schemas.",),
    "queues": ("cloudtasks.queues.", "cloudtasks.tasks."),
}
"""Which permissions are about resources of a collection, by how they begin."""


def right_of(permission: str, collection: str) -> Right | None:
    """None for one that is not about resources of the collection."""
    is_about = permission.startswith(COLLECTIONS[collection])
    return RIGHTS.get(permission) if is_about else None


def operations_of(role: str, collection: str) -> tuple[str, ...]:
    """What the role is granted on a resource of the collection, in the kernel's order; nothing if it makes no sense."""
    given = {
        operation
        for permission in ROLES.get(role, ())
        if permission.startswith(COLLECTIONS[collection])
        for operation in RIGHTS[permission].gives
    }
    return tuple(operation for operation in OPERATIONS if operation in given)
