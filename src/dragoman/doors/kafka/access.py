"""Access lists: DescribeAcls, CreateAcls and DeleteAcls, over the kernel's grants.

    ACL     (resource type, name, literal or prefixed, principal, host, operation, allow or deny)
    grant   the same in the kernel's words; its `origin` is the ACL, which is told back as it was

Grants that others made are in force as well, and are not told here: they need not be anything that Kafka can say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from dragoman.doors.kafka.allowed import CLUSTER_NAME, check_cluster
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    ALTER,
    ANONYMOUS,
    EVERYBODY,
    GROUP,
    NAMESPACE,
    STREAM,
    TRANSACTION,
    CreateGrants,
    DeleteGrants,
    Grant,
    ListGrants,
)
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

ORIGIN: Final = "kafka:"
USER: Final = "User:"
NOBODY: Final = "ANONYMOUS"
ALL: Final = "*"  # of names, principals and hosts

ANY: Final = 1  # in filters
MATCH: Final = 2
LITERAL: Final = 3
PREFIXED: Final = 4
DENY: Final = 2
ALLOW: Final = 3
CLUSTER: Final = 4

KINDS: Final[Mapping[int, str]] = {2: STREAM, 3: GROUP, CLUSTER: NAMESPACE, 5: TRANSACTION}
OPERATIONS: Final[Mapping[int, tuple[str, ...]]] = {
    2: ("all",),
    3: ("read", "receive", "settle"),
    4: ("send",),
    5: ("declare",),
    6: ("delete",),
    7: ("alter",),
    8: ("describe",),
    9: (),  # ClusterAction: nobody but a broker acts so, and there is one
    10: ("inspect",),
    11: ("configure",),
    12: ("send",),  # IdempotentWrite, of the cluster
    15: (),  # TwoPhaseCommit: no transaction outlives its timeout here
}
TAKEN: Final[Mapping[int, frozenset[int]]] = {
    2: frozenset({2, 3, 4, 5, 6, 7, 8, 10, 11}),
    3: frozenset({2, 3, 6, 8, 10, 11}),
    CLUSTER: frozenset({2, 5, 7, 8, 9, 10, 11, 12}),
    5: frozenset({2, 4, 8, 15}),
}
"""Operations that make sense, by type of resource."""


class Acl(NamedTuple):
    """One entry of an access list, as Kafka numbers and names it."""

    resource_type: int
    resource_name: str
    pattern_type: int
    principal: str
    host: str
    operation: int
    permission: int


_read: Final = msgspec.json.Decoder(Acl).decode


def grant_of(acl: Acl) -> Grant:
    """What it means. Raises Refused."""
    kind = KINDS.get(acl.resource_type)
    if kind is None:
        raise Refused(ErrorCode.INVALID_REQUEST, f"no access to resource type {acl.resource_type}")
    if acl.operation not in TAKEN[acl.resource_type]:
        text = f"no operation {acl.operation} on resource type {acl.resource_type}"
        raise Refused(ErrorCode.INVALID_REQUEST, text)
    if acl.permission not in (DENY, ALLOW) or acl.pattern_type not in (LITERAL, PREFIXED):
        raise Refused(ErrorCode.INVALID_REQUEST, "allow or deny; literal or prefixed")
    if not acl.resource_name or not acl.host:
        raise Refused(ErrorCode.INVALID_REQUEST, "a resource has a name, and a host an address")
    if acl.resource_type == CLUSTER and (acl.resource_name, acl.pattern_type) != (
        CLUSTER_NAME,
        LITERAL,
    ):
        raise Refused(ErrorCode.INVALID_REQUEST, f"the cluster's name is {CLUSTER_NAME}")
    is_all = acl.pattern_type == LITERAL and acl.resource_name == ALL
    is_one = acl.pattern_type == LITERAL and kind != NAMESPACE
    return Grant(
        principal=_principal(acl.principal),
        kinds=(kind,),
        operations=OPERATIONS[acl.operation],
        match="all" if is_all or kind == NAMESPACE else "literal" if is_one else "prefix",
        name="" if is_all or kind == NAMESPACE else acl.resource_name,
        allow=acl.permission == ALLOW,
        host="" if acl.host == ALL else acl.host,
        origin=ORIGIN + msgspec.json.encode(acl).decode(),
    )


def _principal(text: str) -> str:
    """Raises Refused."""
    if not text.startswith(USER) or len(text) == len(USER):
        raise Refused(ErrorCode.INVALID_REQUEST, f"a principal is {USER} and a name, not {text}")
    name = text[len(USER) :]
    return {ALL: EVERYBODY, NOBODY: ANONYMOUS}.get(name, name)


def acl_of(grant: Grant) -> Acl | None:
    """What it was made of; None if that was not here."""
    return _read(grant.origin[len(ORIGIN) :]) if grant.origin.startswith(ORIGIN) else None


class Filter:
    """Which ACLs are meant; null, empty and ANY leave open. Raises Refused."""

    def __init__(self, message: Message) -> None:
        self._type = message["resource_type_filter"]
        self._name = message["resource_name_filter"]
        self._pattern = message["pattern_type_filter"]
        self._principal = message["principal_filter"]
        self._host = message["host_filter"]
        self._operation = message["operation"]
        self._permission = message["permission_type"]
        numbers = (self._type, self._pattern, self._operation, self._permission)
        if any(number < ANY for number in numbers) or self._pattern > PREFIXED:
            raise Refused(ErrorCode.INVALID_REQUEST, "the filter asks for what is not known")

    def takes(self, acl: Acl) -> bool:
        """Whether it is meant."""
        return (
            self._type in (ANY, acl.resource_type)
            and self._operation in (ANY, acl.operation)
            and self._permission in (ANY, acl.permission)
            and self._principal in (None, acl.principal)
            and self._host in (None, acl.host)
            and self._takes_name(acl)
        )

    def _takes_name(self, acl: Acl) -> bool:
        if self._pattern not in (ANY, MATCH, acl.pattern_type):
            return False
        if self._name is None:
            return True
        if self._pattern != MATCH:
            return acl.resource_name == str(self._name)
        if acl.pattern_type == PREFIXED:
            return str(self._name).startswith(acl.resource_name)
        return acl.resource_name in (self._name, ALL)


def _found(talk: Talk, wanted: Filter) -> list[tuple[Acl, Grant]]:
    """Raises KernelError."""
    grants: list[Grant] = talk.session.submit(ListGrants())
    known = [(acl_of(grant), grant) for grant in grants]
    return [(acl, grant) for acl, grant in known if acl is not None and wanted.takes(acl)]


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeAcls: by resource."""
    try:
        found = _found(talk, Filter(message))
    except REFUSALS as error:
        return {"error_code": code_of(error), "error_message": why(error), "resources": []}
    resources: dict[tuple[int, str, int], list[Acl]] = {}
    for acl, _ in sorted(found, key=lambda pair: pair[0]):
        resources.setdefault(acl[:3], []).append(acl)
    return {
        "error_code": 0,
        "error_message": None,
        "resources": [
            {
                "resource_type": kind,
                "resource_name": name,
                "pattern_type": pattern,
                "acls": [_spelled(acl) for acl in acls],
            }
            for (kind, name, pattern), acls in resources.items()
        ],
    }


def _spelled(acl: Acl) -> Message:
    return {
        "principal": acl.principal,
        "host": acl.host,
        "operation": acl.operation,
        "permission_type": acl.permission,
    }


def serve_create(talk: Talk, request: Request, message: Message) -> Message:
    """CreateAcls: each that makes sense."""
    results: list[Message] = []
    for given in message["creations"]:
        code, text = 0, None
        try:
            check_cluster(talk, ALTER)  # who may permit one thing alone does so by other protocols
            acl = Acl(
                given["resource_type"],
                given["resource_name"],
                given["resource_pattern_type"],
                given["principal"],
                given["host"],
                given["operation"],
                given["permission_type"],
            )
            talk.session.submit(CreateGrants(grants=(grant_of(acl),)))
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        results.append({"error_code": code, "error_message": text})
    talk.wait_for(SYNCED)
    return {"results": results}


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteAcls: all that a filter means."""
    results = [_deleted(talk, given) for given in message["filters"]]
    talk.wait_for(SYNCED)
    return {"filter_results": results}


def _deleted(talk: Talk, given: Message) -> Message:
    try:
        check_cluster(talk, ALTER)
        found = _found(talk, Filter(given))
        talk.session.submit(DeleteGrants(grants=tuple(grant for _, grant in found)))
    except REFUSALS as error:
        return {"error_code": code_of(error), "error_message": why(error), "matching_acls": []}
    return {"error_code": 0, "error_message": None, "matching_acls": _matching(found)}


def _matching(found: Sequence[tuple[Acl, Grant]]) -> list[Message]:
    return [
        {
            "error_code": 0,
            "error_message": None,
            "resource_type": acl.resource_type,
            "resource_name": acl.resource_name,
            "pattern_type": acl.pattern_type,
            **_spelled(acl),
        }
        for acl, _ in sorted(found, key=lambda pair: pair[0])
    ]
