"""Users over HTTP: made, given a password or a hash of one, tags, limits; forgotten with all they were permitted.

They are those of all protocols (`doors.shared.users`). Users of the configuration are the operator's, and not told of.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from dragoman.doors.amqp091 import limits, topics, vhosts
from dragoman.doors.amqp091.management import rights
from dragoman.doors.amqp091.management.asking import (
    Ask,
    BadRequest,
    Item,
    NotThere,
    changed,
    listed,
    single,
)
from dragoman.doors.shared import users
from dragoman.doors.shared.rest.call import Response, json_response
from dragoman.doors.shared.users import User
from dragoman.model.errors import DocumentNotFound
from dragoman.security.passwords import DIGESTS, HashRefused, NotBase64, kept_of, told

ALGORITHM: Final = next(iter(DIGESTS))  # of a hash that does not say
TAGS_MAX: Final = 100
BULK_MAX: Final = 10_000


class UserWords(msgspec.Struct):
    """PUT of a user: a password, a hash of one, or neither, and nobody comes in by a password."""

    password: str | None = None
    password_hash: str | None = None
    hashing_algorithm: str = ALGORITHM
    tags: str | list[str] | None = None
    limits: dict[str, Any] = msgspec.field(default_factory=dict)


def user_item(name: str, user: User, of_user: limits.Values) -> Item:
    """A user as RabbitMQ shows it."""
    algorithm, text = told(user.password)
    return {
        "name": name,
        "password_hash": text,
        "hashing_algorithm": algorithm,
        "tags": list(user.tags),
        "limits": of_user,
    }


def items(ask: Ask) -> list[Item]:
    """All."""
    limited = limits.all_of(ask.session, limits.OF_USER)
    found = users.all_of(ask.session)
    return [user_item(name, user, limited.get(name, {})) for name, user in found.items()]


def list_users(ask: Ask) -> Response:
    """All."""
    return listed(ask, items(ask))


def list_without_permissions(ask: Ask) -> Response:
    """Those that may come in nowhere."""
    known = {item["user"] for vhost in ask.vhosts() for item in rights.items(ask, vhost)}
    return listed(ask, [item for item in items(ask) if item["name"] not in known])


def get_user(ask: Ask) -> Response:
    """One."""
    for item in items(ask):
        if item["name"] == ask.path["user"]:
            return single(ask, item)
    raise NotThere


def put_user(ask: Ask) -> Response:
    """Make it, or let it have these tags and this password and no other."""
    name = ask.path["user"]
    words: UserWords = ask.body(UserWords)
    is_new = users.find(ask.session, name) is None
    store(ask, name, password_of(ask, name, words), words)
    return changed(ask, 201 if is_new else 204)


def password_of(ask: Ask, name: str, words: UserWords) -> str:
    """What is kept of it. Raises BadRequest and NotYet, before anything was changed."""
    if not name or ask.session.node().knows(name):
        raise BadRequest(f"user '{name}' is the operator's: it is in the configuration")
    if words.tags is None:
        raise BadRequest("tags_not_present")
    if words.password is not None and words.password_hash is not None:
        raise BadRequest("both_password_and_password_hash_are_provided")
    if words.password:
        return users.hashed(ask.session, name, words.password.encode())
    if not words.password_hash:
        return ""
    try:
        return kept_of(words.hashing_algorithm, words.password_hash)
    except HashRefused as error:
        why = ["not_base64", words.password_hash] if isinstance(error, NotBase64) else str(error)
        raise BadRequest(why) from error


def store(ask: Ask, name: str, kept: str, words: UserWords) -> None:
    """Raises KernelError."""
    known = users.find(ask.session, name) or User()
    users.put(ask.session, name, User(kept, _tags(words.tags or ""), known.scram))


def store_limits(ask: Ask, name: str, told: dict[str, Any]) -> None:
    """Raises BadRequest and KernelError."""
    for limit, value in told.items():
        check_limit(limits.OF_USER, limit, value)
    if told or limits.values_of(ask.session, limits.OF_USER, name):
        limits.put(ask.session, limits.OF_USER, name, told)


def _tags(words: str | list[str]) -> tuple[str, ...]:
    parts = words.split(",") if isinstance(words, str) else words
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))[:TAGS_MAX]


def delete_user(ask: Ask) -> Response:
    """With what it was permitted; its connections end."""
    name = ask.path["user"]
    if users.find(ask.session, name) is None:
        raise NotThere
    _forget(ask, name)
    return changed(ask)


class BulkWords(msgspec.Struct):
    """POST of users to be deleted."""

    users: list[str]


def delete_users(ask: Ask) -> Response:
    """All of these, or none."""
    names = ask.body(BulkWords).users[:BULK_MAX]
    for name in names:
        if users.find(ask.session, name) is None:
            raise BadRequest(["no_such_user", name])
    for name in dict.fromkeys(names):
        _forget(ask, name)
    return changed(ask)


def _forget(ask: Ask, name: str) -> None:
    for vhost in vhosts.all_of(ask.session):
        rights.forget(ask, vhost, name)
        for permission in topics.all_of(ask.session, ask.namespace(vhost), name):
            topics.delete(ask.session, ask.namespace(vhost), permission)
    limits.put(ask.session, limits.OF_USER, name, {})
    try:
        users.delete(ask.session, name)
    except DocumentNotFound:
        raise NotThere from None
    for one in ask.roster.of(name):
        one.force(f"user '{name}' is deleted")


# --- who asks ---


def tags_of(ask: Ask) -> tuple[str, ...]:
    """Whoever is not among these users may do what its grants allow, which tools know as an administrator."""
    user = users.find(ask.session, ask.who)
    if ask.rank is None or user is None:
        return ("administrator",)
    return user.tags


def whoami(ask: Ask) -> Response:
    """Who asks."""
    return json_response(200, {"name": ask.who, "tags": tags_of(ask), "is_internal_user": True})


# --- limits: of users, and of virtual hosts ---


class LimitWords(msgspec.Struct):
    """PUT of a limit."""

    value: Any


def limit_handlers(of: str, hole: str) -> tuple[Callable[[Ask], Response], ...]:
    """(list, put, delete) of users' limits or virtual hosts'; `hole` is where the path names one."""

    def check(ask: Ask) -> str:
        name = ask.path[hole]
        if of == limits.OF_VHOST:
            return ask.vhost()
        if users.find(ask.session, name) is None:
            raise BadRequest(["no_such_user", name])
        return name

    def list_limits(ask: Ask) -> Response:
        name = ask.path.get(hole)
        if name is not None and of == limits.OF_USER and users.find(ask.session, name) is None:
            raise NotThere
        found = limits.all_of(ask.session, of)
        shown = [
            {hole: each, "value": values}
            for each, values in found.items()
            if name in {None, each} and (of == limits.OF_USER or ask.admits(each))
        ]
        return listed(ask, shown)

    def put_limit(ask: Ask) -> Response:
        name, limit = check(ask), ask.path["name"]
        value = ask.body(LimitWords).value
        check_limit(of, limit, value)
        known = limits.values_of(ask.session, of, name)
        limits.put(ask.session, of, name, known | {limit: value})
        return changed(ask)

    def delete_limit(ask: Ask) -> Response:
        name = check(ask)
        known = limits.values_of(ask.session, of, name)
        known.pop(ask.path["name"], None)
        limits.put(ask.session, of, name, known)
        return changed(ask)

    return list_limits, put_limit, delete_limit


def check_limit(of: str, limit: str, value: Any) -> None:
    """Raises BadRequest."""
    if limit not in limits.NAMES[of]:
        text = f'Unrecognised terms [{{<<"{limit}">>,{value}}}] in '
        if of == limits.OF_USER:
            raise BadRequest(f"{text}user-limits")
        raise BadRequest(f"Validation failed\n\n{text}limits\n")
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 1 << 31:
        shown = f'<<"{value}">>' if isinstance(value, str) else str(value)
        text = f"{limit} should be a number, actually was {shown}\n"
        raise BadRequest(f"Validation failed\n\n{text}")
