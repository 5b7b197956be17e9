"""google.iam.v1's policies of resources, over the kernel's grants.

    binding   (role, members) on a resource      user:NAME, serviceAccount:NAME      the principal of that name
                                                 allUsers, allAuthenticatedUsers     everybody who may call at all
    grant     one for each member of a binding, of the resource's very name; its `origin` is the binding, which is told
              back as it was

The first binding guards the namespace, as any grant does: but not while nobody has to prove who he is, since then there
is one principal, and to shut it out helps nobody. What is granted then counts once the namespace is guarded.

Grants that others made are in force as well, and are not told here. The etag of a policy is the digest of its grants.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec

from dragoman.doors.shared.grpc.access import by_broker
from dragoman.doors.shared.grpc.call import Call, Reply, Status, written
from dragoman.doors.shared.grpc.roles import operations_of, right_of
from dragoman.kernel.api import (
    ANY,
    EVERYBODY,
    PERMIT,
    STREAM,
    SUBSCRIPTION,
    CreateGrants,
    DeleteGrants,
    Grant,
    ListGrants,
    Need,
    Session,
)
from dragoman.model.errors import AccessRefused
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT
from dragoman.wire.protobuf.iam import IAM

NEVER_SET: Final = b"\0"  # the etag of a policy without bindings
ETAG_BYTES: Final = 8
ORIGIN: Final = "gcp:"
VERSIONS: Final = frozenset((0, 1, 3))
PERSONS: Final = frozenset(("user", "serviceAccount"))
PUBLIC: Final = frozenset(("allUsers", "allAuthenticatedUsers"))
Policy: Final[Any] = IAM["Policy"]
Permissions: Final[Any] = IAM["TestIamPermissionsResponse"]


class Resource(NamedTuple):
    """What a policy is of: the client's collection it is in, and what the kernel's needs call it."""

    namespace: str
    collection: str
    kind: str
    name: str

    def need(self, operations: int = ANY, whole: int = 0) -> Need:
        """To be allowed one of these on it. What is done with a stream's own queue is done with the stream."""
        stream, _, own = self.name.partition("\0")
        if self.kind == SUBSCRIPTION and stream == own and operations != PERMIT:
            return Need(self.namespace, STREAM, stream, operations, whole)
        return Need(self.namespace, self.kind, self.name, operations, whole)

    @property
    def granted(self) -> str:
        """As grants name it."""
        return self.name.replace("\0", "/")


class Binding(msgspec.Struct, frozen=True, order=True):
    """A member of one, on a resource of a collection."""

    collection: str
    role: str
    member: str


_read: Final = msgspec.json.Decoder(Binding).decode


# --- what somebody may ---


def may(session: Session, resource: Resource, permission: str) -> bool:
    """Whether the session's principal has the permission on the resource."""
    right = right_of(permission, resource.collection)
    assert right is not None, permission
    return session.may(resource.need(right.needs, right.whole))


def check(session: Session, resource: Resource, permission: str) -> None:
    """Raises AccessRefused."""
    if not may(session, resource, permission):
        raise AccessRefused(f"{permission} is not granted, or there is no such resource")


def permitted(session: Session, resource: Resource | None, request: Any, collection: str) -> Reply:
    """Those of the permissions that are asked about; none of a resource that is not there. Raises Status."""
    found: list[str] = []
    for permission in request.permissions:
        if "*" in permission:
            raise _invalid("Permissions with wildcards are not allowed.")
        if right_of(permission, collection) is None:
            raise _invalid(f"Permission {permission:.200} is not valid for this resource.")
        if resource is not None and may(session, resource, permission):
            found.append(permission)
    return Reply(Permissions(permissions=found))


# --- policies ---


def policy_of(session: Session, resource: Resource) -> Reply:
    """The policy as it is. Raises AccessRefused."""
    return Reply(_told(_grants(session, resource)))


def set_policy(session: Session, resource: Resource, request: Any) -> Reply:
    """These bindings instead of those that are there; with an etag, only if nobody has changed them since. Raises
    Status and KernelError.
    """
    known, policy = _grants(session, resource), request.policy
    if policy.etag and policy.etag != _etag(known):
        raise Status(ABORTED, "There were concurrent policy changes.")
    paths = request.update_mask.paths
    if paths and "bindings" not in paths:
        return Reply(_told(known))
    wanted = grants_of(resource, policy)
    fresh = tuple(grant for grant in wanted if grant not in known)
    stale = tuple(grant for grant in known if grant not in wanted)
    steps: list[tuple[tuple[Grant, ...], Any]] = [
        (fresh, partial(CreateGrants, guards=not session.node().is_open())),
        (stale, DeleteGrants),
    ]
    if not session.is_guarded(resource.namespace):
        steps.reverse()  # what comes guards: who sets it may have no right to take back then
    for grants, command in steps:
        if grants:
            session.submit(command(namespace=resource.namespace, grants=grants))
    return written(session, _told(wanted))


def forget_policy(call: Call, resource: Resource) -> None:
    """The resource is gone, or is made anew: nobody's policy is left of it."""
    with by_broker(call):
        known = tuple(_grants(call.session, resource))
        if known:
            call.session.submit(DeleteGrants(namespace=resource.namespace, grants=known))


def _grants(session: Session, resource: Resource) -> Sequence[Grant]:
    command = ListGrants(namespace=resource.namespace, kind=resource.kind, name=resource.granted)
    return [
        grant
        for grant in session.submit(command)
        if grant.origin.startswith(ORIGIN) and _binding(grant).collection == resource.collection
    ]


def _binding(grant: Grant) -> Binding:
    return _read(grant.origin[len(ORIGIN) :])


def _told(grants: Iterable[Grant]) -> Any:
    policy = Policy(etag=_etag(grants))
    for binding in sorted(map(_binding, grants)):
        policy.version = 1
        if not policy.bindings or policy.bindings[-1].role != binding.role:
            policy.bindings.add(role=binding.role)
        policy.bindings[-1].members.append(binding.member)
    return policy


def _etag(grants: Iterable[Grant]) -> bytes:
    origins = sorted(grant.origin for grant in grants)
    return sha256("\n".join(origins).encode()).digest()[:ETAG_BYTES] if origins else NEVER_SET


# --- what a policy says ---


def grants_of(resource: Resource, policy: Any) -> Sequence[Grant]:
    """The policy in the kernel's words. Raises Status for what cannot be said so."""
    if policy.version not in VERSIONS:
        raise _invalid(f"Policy version {policy.version} is not supported.")
    if policy.audit_configs:
        raise _invalid("Audit configs are not supported on this resource.")
    found: dict[Binding, Grant] = {}
    for each in policy.bindings:
        if each.HasField("condition"):
            raise _invalid("Conditions are not supported on this resource.")
        operations = operations_of(each.role, resource.collection)
        if not operations:
            raise _invalid(f"Role {each.role:.200} is not supported for this resource.")
        for member in each.members:
            binding = Binding(resource.collection, each.role, member)
            found[binding] = Grant(
                principal=_principal(member),
                kinds=(resource.kind,),
                operations=operations,
                name=resource.granted,
                origin=ORIGIN + msgspec.json.encode(binding).decode(),
            )
    return list(found.values())


def _principal(member: str) -> str:
    if member in PUBLIC:
        return EVERYBODY
    kind, _, name = member.partition(":")
    if kind not in PERSONS or not name or name == EVERYBODY:
        raise _invalid(
            f"The member {member:.200} is of an unknown type. There are user:NAME and serviceAccount:NAME, of users and"
            " keys by their names, allUsers and allAuthenticatedUsers."
        )
    return name


def _invalid(text: str) -> Status:
    return Status(INVALID_ARGUMENT, text)
