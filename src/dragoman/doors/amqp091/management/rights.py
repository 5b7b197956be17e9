"""Permissions over HTTP: RabbitMQ's three patterns for a user in a virtual host, as grants of the kernel's.

    configure   declare, delete, alter and configure      of queues and exchanges whose names the pattern finds
    write       send to them; where it finds `amq.default`, to every queue, as the default exchange leads to all
    read        receive, settle and read of them

A pattern finds a name when it matches any part of it; an empty one finds nothing. Whoever has any permission sees what
there is. The first permission of a virtual host guards it: what nobody was permitted is refused there from then on.
"""

import re
from typing import Final

import msgspec

from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Item,
    NotThere,
    changed,
    listed,
)
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.kernel.api import CreateGrants, DeleteGrants, Grant, ListGrants

KINDS: Final = ("stream", "route")
CONFIGURE: Final = ("declare", "delete", "alter", "configure")
WRITE: Final = ("send",)
READ: Final = ("receive", "settle", "read")
SEE: Final = ("describe",)
DEFAULT_EXCHANGE: Final = "amq.default"  # as patterns of RabbitMQ call it
ORIGIN: Final = "rabbitmq:"  # what these grants say of themselves, and then the patterns


class Patterns(msgspec.Struct, frozen=True):
    """What a user may do in a virtual host."""

    configure: str
    write: str
    read: str


def grants_of(user: str, patterns: Patterns) -> tuple[Grant, ...]:
    """Raises BadRequest for what is no expression."""
    origin = ORIGIN + msgspec.json.encode(patterns).decode()
    found = [
        Grant(principal=user, kinds=KINDS, operations=SEE, match="all", origin=origin),
        *(
            Grant(
                principal=user,
                kinds=KINDS,
                operations=operations,
                match="re2",
                name=f"(?s:.*)(?:{pattern})(?s:.*)",
                origin=origin,
            )
            for pattern, operations in (
                (patterns.configure, CONFIGURE),
                (patterns.write, WRITE),
                (patterns.read, READ),
            )
            if pattern
        ),
    ]
    if patterns.write and _finds(patterns.write, DEFAULT_EXCHANGE):
        every = Grant(
            principal=user, kinds=("stream",), operations=WRITE, match="all", origin=origin
        )
        found.append(every)
    return tuple(found)


def _finds(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except (re.error, RecursionError) as error:
        raise BadRequest(f"not a regular expression: {error}") from error


def permitted(ask: Ask, vhost: str) -> dict[str, list[Grant]]:
    """Grants that these permissions are, by user."""
    found: dict[str, list[Grant]] = {}
    for grant in ask.session.submit(ListGrants(namespace=ask.namespace(vhost))):
        if grant.origin.startswith(ORIGIN):
            found.setdefault(grant.principal, []).append(grant)
    return found


def items(ask: Ask, vhost: str) -> list[Item]:
    """As RabbitMQ shows them."""
    return [
        {"user": user, "vhost": vhost, **_told(grants)}
        for user, grants in sorted(permitted(ask, vhost).items())
    ]


def _told(grants: list[Grant]) -> Item:
    told: Item = msgspec.json.decode(grants[0].origin.removeprefix(ORIGIN))
    return told


def list_permissions(ask: Ask) -> Response:
    """Of one virtual host, or of all; of one user, or of all."""
    user = ask.path.get("user")
    found = [item for vhost in ask.vhosts() for item in items(ask, vhost)]
    return listed(ask, [item for item in found if user in {None, item["user"]}])


def get_permission(ask: Ask) -> Response:
    """One user's in one virtual host."""
    for item in items(ask, ask.vhost()):
        if item["user"] == ask.path["user"]:
            return json_response(200, item)
    raise NotThere


def put_permission(ask: Ask) -> Response:
    """These instead of what the user was permitted."""
    vhost, user = ask.vhost(), ask.path["user"]
    is_new = store(ask, vhost, user, ask.body(Patterns))
    return changed(ask, 201 if is_new else 204)


def store(ask: Ask, vhost: str, user: str, patterns: Patterns) -> bool:
    """Whether the user had none. Raises BadRequest and KernelError."""
    namespace, fresh = ask.namespace(vhost), grants_of(user, patterns)
    known = permitted(ask, vhost).get(user, [])
    ask.session.submit(CreateGrants(namespace=namespace, grants=fresh))
    stale = tuple(grant for grant in known if grant not in fresh)
    ask.session.submit(DeleteGrants(namespace=namespace, grants=stale))
    return not known


def delete_permission(ask: Ask) -> Response:
    """The user may do nothing there any more."""
    vhost = ask.vhost()
    known = permitted(ask, vhost).get(ask.path["user"])
    if not known:
        raise NotThere
    ask.session.submit(DeleteGrants(namespace=ask.namespace(vhost), grants=tuple(known)))
    return changed(ask)
