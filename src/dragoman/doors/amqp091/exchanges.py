"""exchange.declare and delete: an exchange is a route. The predeclared ones are made with the first connection."""

from typing import Any, Final

from msgspec.structs import replace

from dragoman.doors.amqp091.arguments import TYPE_NAMES, difference, from_note, plain, to_note
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import (
    ACCESS_REFUSED,
    COMMAND_INVALID,
    PRECONDITION_FAILED,
    Refused,
    refusal_of,
)
from dragoman.doors.amqp091.link import DELAYED, TYPE, Link
from dragoman.doors.amqp091.names import RESERVED, check_reserved, tidy
from dragoman.doors.amqp091.policies import ALTERNATE, POLICY, alternate_of
from dragoman.doors.amqp091.queues import inequivalent
from dragoman.doors.shared.asbroker import as_broker
from dragoman.doors.shared.predeclared import PREDECLARED, declare_predeclared
from dragoman.kernel.api import (
    AlterRoute,
    DeclareRoute,
    DeleteRoute,
    ListRoutes,
    RouteInfo,
    RouteSettings,
    Session,
)
from dragoman.model.errors import KernelError, RouteNotFound
from dragoman.wire.amqp091.fieldtable import FieldTable
from dragoman.wire.amqp091.methods import (
    ExchangeDeclare,
    ExchangeDeclareOk,
    ExchangeDelete,
    ExchangeDeleteOk,
)

ARGUMENTS: Final = "amqp091.arguments"
DELAYED_TYPE: Final = "x-delayed-type"

KINDS: Final[dict[str, Any]] = {
    "direct": "direct",
    "fanout": "fanout",
    "topic": "topic",
    "headers": "headers",
    "x-consistent-hash": "consistent-hash",
    "x-modulus-hash": "modulus-hash",
    "x-random": "random",
    "x-local-random": "random",
}


def declare_all(link: Link) -> None:
    """See that the predeclared exchanges are there, with what policies say of them."""
    host = link.connection.peer[0]
    for info in declare_predeclared(link.session, link.namespace, link.principal, host):
        with as_broker(link.session, link.principal, host):
            _govern(link.session, info)


def declare(channel: Channel, method: ExchangeDeclare) -> None:
    """Make an exchange, or check that it is there and the same."""
    link = channel.link
    name = tidy(method.exchange)
    check_not_default(name)
    if method.passive:
        info = find(link, name)
    else:
        info = _make(link, method, name)
        link.addresses.clear()
    if not method.no_wait:
        channel.reply(ExchangeDeclareOk(), durable=info.settings.durable)


def find(link: Link, name: str) -> RouteInfo:
    """Raises RouteNotFound."""
    command = DeclareRoute(namespace=link.namespace, name=name, passive=True)
    info: RouteInfo = link.session.submit(command)
    return info


def check_not_default(name: str) -> None:
    """Raises Refused (403) for the default exchange, which is only published to."""
    if not name:
        raise Refused(ACCESS_REFUSED, "operation not permitted on the default exchange")


def apply_policies(session: Session, namespace: str) -> None:
    """Let every exchange of this door have the alternate that policies now say."""
    for info in session.submit(ListRoutes(namespace=namespace)):
        if TYPE in info.settings.notes or info.name in PREDECLARED:
            _govern(session, info)


def _govern(session: Session, info: RouteInfo) -> None:
    settings = _governed(session, info.namespace, info.name, info.settings)
    if settings != info.settings:
        session.submit(AlterRoute(namespace=info.namespace, name=info.name, settings=settings))


def _governed(
    session: Session, namespace: str, name: str, settings: RouteSettings
) -> RouteSettings:
    """With the alternate it was declared with, else with that of a policy."""
    own = from_note(settings.notes.get(ARGUMENTS, "")).get(ALTERNATE)
    alternate, policy = alternate_of(session, namespace, name)
    notes = {key: said for key, said in settings.notes.items() if key != POLICY}
    if policy:
        notes[POLICY] = policy
    told = alternate if own is None else str(plain(own))
    return replace(settings, alternate=told, notes=notes)


def _make(link: Link, method: ExchangeDeclare, name: str) -> RouteInfo:
    settings = _settings_of(method, name, link.vhost)
    try:
        existing = find(link, name)
    except RouteNotFound:
        check_reserved("exchange", name)
        with as_broker(link.session, link.principal, link.connection.peer[0]):
            settings = _governed(link.session, link.namespace, name, settings)
        command = DeclareRoute(namespace=link.namespace, name=name, settings=settings)
        info: RouteInfo = link.session.submit(command)
        return info
    _compare(link, method, existing, settings)
    return existing


def _settings_of(method: ExchangeDeclare, name: str, vhost: str) -> RouteSettings:
    """Raises Refused (406, 503)."""
    if not method.type:
        raise Refused(COMMAND_INVALID, "invalid exchange type ''")
    kind = KINDS.get(method.type)
    if method.type == DELAYED:
        kind = _kind_behind(method.arguments)
    if kind is None:
        raise Refused(COMMAND_INVALID, f"unknown exchange type '{method.type}'")
    alternate = method.arguments.get(ALTERNATE)
    if alternate is not None and alternate.letter != "S":
        wrong = f"invalid type '{TYPE_NAMES[alternate.letter]}' for arg '{ALTERNATE}'"
        text = f"{wrong} in exchange '{name}' in vhost '{vhost}'"
        raise Refused(PRECONDITION_FAILED, text)
    return RouteSettings(
        kind=kind,
        durable=method.durable,
        auto_delete=method.auto_delete,
        internal=method.internal,
        alternate=str(plain(alternate)) if alternate is not None else "",
        hash_on=_hash_on(method.arguments),
        notes={ARGUMENTS: to_note(method.arguments), TYPE: method.type},
    )


def _kind_behind(arguments: FieldTable) -> str:
    """How an exchange routes what it has delayed. Raises Refused (406)."""
    field = arguments.get(DELAYED_TYPE)
    kind = KINDS.get(str(plain(field))) if field is not None else None
    if kind is None:
        text = f"Invalid argument, '{DELAYED_TYPE}' must be an existing exchange type"
        raise Refused(PRECONDITION_FAILED, text)
    return str(kind)


HASHED: Final = {
    "correlation_id": "correlation",
    "message_id": "id",
    "timestamp": "created_at",
}
"""What hash-property may name, and the attribute it means."""


def _hash_on(arguments: FieldTable) -> str:
    """What places a message instead of its key. Raises Refused (406)."""
    header, named = arguments.get("hash-header"), arguments.get("hash-property")
    if header is not None and named is not None:
        text = "hash-header and hash-property are mutually exclusive"
        raise Refused(PRECONDITION_FAILED, text)
    if header is not None:
        return f"header:{plain(header)}"
    if named is None:
        return ""
    attribute = HASHED.get(str(plain(named)))
    if attribute is None:
        raise Refused(PRECONDITION_FAILED, f"Unsupported property: {plain(named)}")
    return f"attribute:{attribute}"


def _compare(
    link: Link, method: ExchangeDeclare, existing: RouteInfo, wanted: RouteSettings
) -> None:
    """Raises Refused (406) unless the exchange is what this declaration would make."""
    now = existing.settings
    for what, received, current in (
        ("type", method.type, now.notes.get(TYPE, now.kind)),
        ("durable", wanted.durable, now.durable),
        ("auto_delete", wanted.auto_delete, now.auto_delete),
        ("internal", wanted.internal, now.internal),
    ):
        if received != current:
            text = f"received '{str(received).lower()}' but current is '{str(current).lower()}'"
            raise inequivalent(what, "exchange", existing.name, link.vhost, text)
    arguments = from_note(now.notes.get(ARGUMENTS, ""))
    found = difference(arguments, method.arguments, (ALTERNATE, DELAYED_TYPE))
    if found:
        what, _, text = found.partition("\0")
        raise inequivalent(what, "exchange", existing.name, link.vhost, text)


def delete(channel: Channel, method: ExchangeDelete) -> None:
    """Delete an exchange; one that is not there is fine."""
    link = channel.link
    name = tidy(method.exchange)
    check_not_default(name)
    if name.startswith(RESERVED):
        text = f"deletion of system exchange '{name}' in vhost '{link.vhost}' not allowed"
        raise Refused(ACCESS_REFUSED, text)
    durable = False
    command = DeleteRoute(namespace=link.namespace, name=name, if_unused=method.if_unused)
    try:
        durable = find(link, name).settings.durable
        link.session.submit(command)
        link.flows.forget(link.namespace, name)
    except RouteNotFound:
        pass
    except KernelError as error:
        raise refusal_of(error, link.vhost, "exchange") from error
    link.addresses.clear()
    if not method.no_wait:
        channel.reply(ExchangeDeleteOk(), durable=durable)
