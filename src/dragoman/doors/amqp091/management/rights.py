"""Permissions over HTTP: RabbitMQ's three patterns for a user in a virtual host, as grants of the kernel's.

    configure   declare, delete, alter and configure      of queues and exchanges whose names the pattern finds
    write       send to them; where it finds `amq.default`, to every queue, as the default exchange leads to all
    read        receive, settle and read of them

A pattern finds a name when it matches any part of it; an empty one finds nothing. Whoever has any permission sees what
there is. The first permission of a virtual host guards it: what nobody was permitted is refused there from then on, but
to whoever made it, who keeps all of it.
"""

import re
from typing import Final

import msgspec

from dragoman.doors.amqp091 import topics
from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Item,
    NotThere,
    VhostNotFound,
    changed,
    of_vhosts,
    one_of,
    single,
)
from dragoman.doors.amqp091.topics import TopicPermission
from dragoman.doors.shared.asbroker import as_broker
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.kernel.api import (
    ALTER,
    NAMESPACE,
    CreateGrants,
    DeleteGrants,
    Grant,
    ListGrants,
    Need,
    SetGuard,
)
from dragoman.kernel.api import KINDS as ALL_KINDS

KINDS: Final = ("stream", "route")
GOVERNED: Final = tuple(sorted(ALL_KINDS.difference(KINDS)))
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


FULL: Final = Patterns(".*", ".*", ".*")


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
    return of_vhosts(ask, items, "user")


def get_permission(ask: Ask) -> Response:
    """One user's in one virtual host."""
    return single(ask, one_of(ask, items(ask, ask.vhost()), "user"))


def put_permission(ask: Ask) -> Response:
    """These instead of what the user was permitted."""
    vhost, user = _place(ask), ask.path["user"]
    is_new = store(ask, vhost, user, ask.body(Patterns))
    return changed(ask, 201 if is_new else 204)


def _place(ask: Ask) -> str:
    """The virtual host of the path. Raises BadRequest and NotAuthorised."""
    try:
        return ask.vhost()
    except VhostNotFound:
        raise BadRequest("vhost_or_user_not_found") from None


def store(ask: Ask, vhost: str, user: str, patterns: Patterns) -> bool:
    """Whether the user had none. Raises BadRequest and KernelError."""
    namespace, fresh = ask.namespace(vhost), grants_of(user, patterns)
    known = permitted(ask, vhost).get(user, [])
    was_open = not ask.session.is_guarded(namespace)
    ask.session.submit(CreateGrants(namespace=namespace, grants=fresh))
    if was_open and not ask.session.may(Need(namespace, NAMESPACE, "", ALTER)):
        _keep(ask, namespace, () if user == ask.who else grants_of(ask.who, FULL))
    stale = tuple(grant for grant in known if grant not in fresh)
    ask.session.submit(DeleteGrants(namespace=namespace, grants=stale))
    return not known


def _keep(ask: Ask, namespace: str, all_names: tuple[Grant, ...]) -> None:
    """Whoever guards what was everybody's goes on governing it, with whatever names it is not permitted just now."""
    own = Grant(principal=ask.who, kinds=GOVERNED, operations=("all",), match="all")
    with as_broker(ask.session, ask.who, ask.call.connection.peer[0]):
        ask.session.submit(CreateGrants(namespace=namespace, grants=(own, *all_names)))


def delete_permission(ask: Ask) -> Response:
    """The user may do nothing there any more."""
    vhost = ask.vhost()
    if not forget(ask, vhost, ask.path["user"]):
        raise NotThere
    return changed(ask)


def forget(ask: Ask, vhost: str, user: str) -> bool:
    """Whether there was something to take back."""
    known = permitted(ask, vhost).get(user, [])
    if known:
        ask.session.submit(DeleteGrants(namespace=ask.namespace(vhost), grants=tuple(known)))
    return bool(known)


def forget_all(ask: Ask, namespace: str) -> None:
    """Nobody is permitted anything there: it goes away."""
    if not ask.session.is_guarded(namespace):
        return
    grants = ask.session.submit(ListGrants(namespace=namespace))
    ask.session.submit(SetGuard(namespace=namespace, guarded=False))
    ask.session.submit(DeleteGrants(namespace=namespace, grants=tuple(grants)))


# --- topics ---


class TopicWords(msgspec.Struct):
    """PUT of a topic permission."""

    exchange: str
    write: str
    read: str


def topic_items(ask: Ask, vhost: str) -> list[Item]:
    """As RabbitMQ shows them."""
    found = topics.all_of(ask.session, ask.namespace(vhost))
    return [{"vhost": vhost, **msgspec.to_builtins(one)} for one in found]


def list_topics(ask: Ask) -> Response:
    """Of one virtual host, or of all; of one user, or of all."""
    return of_vhosts(ask, topic_items, "user")


def get_topics(ask: Ask) -> Response:
    """One user's in one virtual host."""
    found = [item for item in topic_items(ask, ask.vhost()) if item["user"] == ask.path["user"]]
    if not found:
        raise NotThere
    return json_response(200, found)


def put_topic(ask: Ask) -> Response:
    """This instead of what the user was permitted of the exchange's topics."""
    vhost, user = _place(ask), ask.path["user"]
    words: TopicWords = ask.body(TopicWords)
    has_some = bool(topics.all_of(ask.session, ask.namespace(vhost), user))
    store_topic(ask, vhost, TopicPermission(user, words.exchange, words.write, words.read))
    return changed(ask, 204 if has_some else 201)


def store_topic(ask: Ask, vhost: str, permission: TopicPermission) -> None:
    """Raises Refused and KernelError."""
    namespace = ask.namespace(vhost)
    topics.put(ask.session, namespace, permission)
    ask.roster.forget_topics(namespace)


def delete_topics(ask: Ask) -> Response:
    """Every key is the user's, as far as the exchanges are."""
    namespace = ask.namespace(ask.vhost())
    found = topics.all_of(ask.session, namespace, ask.path["user"])
    if not found:
        raise NotThere
    for permission in found:
        topics.delete(ask.session, namespace, permission)
    ask.roster.forget_topics(namespace)
    return changed(ask)
