"""What a user's tags open in the management API, as in RabbitMQ.

    management       ask about the virtual hosts that the user may come in to, and act there as the user may by AMQP
    policymaker      also make policies and parameters there
    monitoring       also see all virtual hosts, connections and nodes
    administrator    everything: users, permissions, virtual hosts, limits, definitions, other users' connections

Where a tag lets a user govern, the broker acts for it, as the user's own permissions are about queues and exchanges.
Tags are of users that tools have made. Whoever else comes in may do what its grants allow, and no tag is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MANAGEMENT: Final = "management"
POLICYMAKER: Final = "policymaker"
MONITORING: Final = "monitoring"
ADMINISTRATOR: Final = "administrator"
IMPLIED: Final[Mapping[str, frozenset[str]]] = {
    MANAGEMENT: frozenset((MANAGEMENT, POLICYMAKER, MONITORING, ADMINISTRATOR)),
    POLICYMAKER: frozenset((POLICYMAKER, ADMINISTRATOR)),
    MONITORING: frozenset((MONITORING, ADMINISTRATOR)),
    ADMINISTRATOR: frozenset((ADMINISTRATOR,)),
}
"""A tag, and those that do as well."""

READS: Final[Mapping[str, str]] = {
    "definitions": ADMINISTRATOR,
    "global-parameters": POLICYMAKER,
    "nodes": MONITORING,
    "parameters": POLICYMAKER,
    "permissions": ADMINISTRATOR,
    "topic-permissions": ADMINISTRATOR,
    "users": ADMINISTRATOR,
}
WRITES: Final[Mapping[str, str]] = {
    "definitions": ADMINISTRATOR,
    "global-parameters": POLICYMAKER,
    "operator-policies": ADMINISTRATOR,
    "parameters": POLICYMAKER,
    "permissions": ADMINISTRATOR,
    "policies": POLICYMAKER,
    "topic-permissions": ADMINISTRATOR,
    "user-limits": ADMINISTRATOR,
    "users": ADMINISTRATOR,
    "vhost-limits": ADMINISTRATOR,
    "vhosts": ADMINISTRATOR,
}
"""First part of a path, and the tag that it takes; `management` does for the rest."""
ALONE: Final = frozenset(
    ("vhosts/{vhost}", "vhosts/{vhost}/permissions", "vhosts/{vhost}/topic-permissions")
)
"""Templates that only an administrator reads, though not all that begins so."""

TEXTS: Final = {
    MANAGEMENT: "Not management user",
    MONITORING: "Not monitor user",
    POLICYMAKER: "User not authorised to access object",
    ADMINISTRATOR: "Not administrator user",
}


class NotAuthorised(Exception):
    """401: who asks is known, and may not."""


@dataclass(frozen=True, slots=True)
class Rank:
    """What a user's tags make of one request: whether the broker acts for it, whether all virtual hosts are shown, and
    whether one that the path names must be one that the user itself may come in to.
    """

    governs: bool
    sees_all: bool
    enters: bool = False


def tag_of(method: str, template: str) -> str:
    """The tag that a route takes."""
    if method == "GET" and template in ALONE:
        return ADMINISTRATOR
    table = READS if method == "GET" else WRITES
    return table.get(template.partition("/")[0], MANAGEMENT)


def rank_of(tags: tuple[str, ...], method: str, template: str) -> Rank:
    """Raises NotAuthorised."""
    wanted = tag_of(method, template)
    if not IMPLIED[wanted].intersection(tags):
        raise NotAuthorised(TEXTS[wanted if IMPLIED[MANAGEMENT].intersection(tags) else MANAGEMENT])
    sees_all = bool(IMPLIED[MONITORING].intersection(tags))
    is_own = wanted == MANAGEMENT
    return Rank(not is_own or (method == "GET" and sees_all), sees_all, is_own)
