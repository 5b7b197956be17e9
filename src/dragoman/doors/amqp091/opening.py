r"""From the protocol header to an open virtual host, as a table of what may come when (AMQP 0-9-1 section 1.4).

    GREETED --start-ok--> TUNING --tune-ok--> CHOOSING --open--> OPEN --close--> gone
        \\--login refused--> REFUSED: said (or the connection just closed) after a short delay

Whatever is not in the table is 504 and the end of the connection.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from dragoman.doors.amqp091.errors import NOT_ALLOWED, Refused
from dragoman.doors.amqp091.link import OFFER, Link
from dragoman.doors.amqp091.sasl import EXTERNAL, MECHANISMS, credentials_of
from dragoman.doors.amqp091.vhosts import namespace_of
from dragoman.doors.shared import users
from dragoman.doors.shared.asbroker import as_broker
from dragoman.doors.shared.guessing import limited, tell_failed
from dragoman.wire.amqp091.fieldtable import EMPTY_TABLE, Field, FieldTable
from dragoman.wire.amqp091.handshake import Tuning, settle
from dragoman.wire.amqp091.methods import (
    ConnectionOpen,
    ConnectionOpenOk,
    ConnectionSecureOk,
    ConnectionStart,
    ConnectionStartOk,
    ConnectionTune,
    ConnectionTuneOk,
    ConnectionUpdateSecret,
    ConnectionUpdateSecretOk,
)

SERVER_VERSION: Final = "4.0.0"  # of RabbitMQ, whose features we speak: clients compare it
CAPABILITIES: Final = (
    "publisher_confirms",
    "exchange_exchange_bindings",
    "basic.nack",
    "consumer_cancel_notify",
    "connection.blocked",
    "consumer_priorities",
    "authentication_failure_close",
    "per_consumer_qos",
    "direct_reply_to",
)


class Stage(Enum):
    """How far the opening has come: what is waited for."""

    @property
    def named(self) -> str:
        """As RabbitMQ calls it."""
        return STATES.get(self, "closing")

    HEADER = "protocol header"
    GREETED = "start-ok"
    TUNING = "tune-ok"
    CHOOSING = "open"
    OPEN = "anything"
    REFUSED = "the delay to pass"
    CLOSING = "close-ok"
    GONE = "nothing"


STATES: Final = {
    Stage.GREETED: "starting",
    Stage.TUNING: "tuning",
    Stage.CHOOSING: "opening",
    Stage.OPEN: "running",
}


class LoginRefused(Exception):
    """Nobody of that name and password."""


def text(value: str) -> Field:
    """A text field."""
    return Field("S", value.encode())


def greeting(version: str, cluster: str, *, is_certified: bool = False) -> ConnectionStart:
    """connection.start. EXTERNAL is offered to who has shown a certificate: some clients take it wherever it is."""
    properties: FieldTable = {
        "capabilities": Field("F", {name: Field("t", True) for name in CAPABILITIES}),
        "cluster_name": text(f"dragoman@{cluster[:12]}"),
        "copyright": text("Apache License 2.0"),
        "information": text("Compatible with RabbitMQ's AMQP 0-9-1"),
        "platform": text(f"Dragoman {version}"),
        "product": text("RabbitMQ"),
        "version": text(SERVER_VERSION),
    }
    offered = [name for name in MECHANISMS if is_certified or name != EXTERNAL]
    return ConnectionStart(0, 9, properties, " ".join(offered).encode(), b"en_US")


def capabilities_of(properties: FieldTable) -> frozenset[str]:
    """What the client says it understands."""
    field = properties.get("capabilities")
    if field is None or field.letter != "F":
        return frozenset()
    return frozenset(name for name, value in field.value.items() if value == Field("t", True))


def start_ok(link: Link, method: ConnectionStartOk) -> Stage:
    """Raises Refused (unknown mechanism), LoginRefused and NotYet."""
    link.client_properties = method.client_properties
    link.capabilities = capabilities_of(method.client_properties)
    credentials = credentials_of(method.mechanism, method.response)
    link.mechanism = method.mechanism
    if method.mechanism == EXTERNAL:
        principal = (
            link.connection.certified or None
        )  # nothing was shown here that could be guessed
        if principal is None:
            tell_failed(link.session, link.connection, EXTERNAL, "")
    else:
        principal = limited(
            link.session,
            link.connection,
            method.mechanism,
            credentials[0] if credentials else "",
            lambda: None if credentials is None else users.authenticate(link.session, *credentials),
        )
    if principal is None:
        raise LoginRefused(method.mechanism)
    link.log_in(principal)
    link.send(ConnectionTune(OFFER.channel_max, OFFER.frame_max, OFFER.heartbeat_s))
    return Stage.TUNING


def tune_ok(link: Link, method: ConnectionTuneOk) -> Stage:
    """Raises AmqpError for limits that were not offered."""
    link.tuning = settle(OFFER, Tuning(method.channel_max, method.frame_max, method.heartbeat))
    return Stage.CHOOSING


def open_vhost(link: Link, method: ConnectionOpen) -> Stage:
    """Raises Refused for a virtual host that is not there, or not for this user, or that has enough connections."""
    with as_broker(link.session, link.principal, link.connection.peer[0]):
        namespace = namespace_of(link.session, method.virtual_host)
    if namespace is None:
        raise Refused(NOT_ALLOWED, f"vhost {method.virtual_host} not found")
    if not users.admits(link.session, namespace, link.principal):
        text = f"access to vhost '{method.virtual_host}' refused for user '{link.principal}'"
        raise Refused(NOT_ALLOWED, text)
    if link.limits is not None:
        link.limits.check_connection(link, method.virtual_host)
    link.vhost = method.virtual_host
    link.namespace = namespace
    link.send(ConnectionOpenOk())
    return Stage.OPEN


def update_secret(link: Link, method: ConnectionUpdateSecret) -> Stage:
    """A fresh secret for the same login: taken when it is the login's present password. Raises NotYet."""
    if users.authenticate(link.session, link.principal, method.new_secret) is None:
        raise Refused(NOT_ALLOWED, "new secret was refused by one of the backends")
    link.send(ConnectionUpdateSecretOk())
    return Stage.OPEN


STEPS: Final[Mapping[tuple[Stage, type], Callable[[Link, Any], Stage]]] = {
    (Stage.GREETED, ConnectionStartOk): start_ok,
    (Stage.TUNING, ConnectionTuneOk): tune_ok,
    (Stage.CHOOSING, ConnectionOpen): open_vhost,
    (Stage.OPEN, ConnectionUpdateSecret): update_secret,
}
"""connection.close and close-ok are the door's; connection.secure is never sent, so secure-ok never fits."""

assert (Stage.GREETED, ConnectionSecureOk) not in STEPS
assert not EMPTY_TABLE
