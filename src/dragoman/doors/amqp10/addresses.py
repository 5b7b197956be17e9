"""Addresses of generic clients: RabbitMQ 4's format v2, and plain names.

    /queues/NAME                     a queue, or a stream without one
    /exchanges/ROUTE/KEY             what is sent goes through the route with the key
    /exchanges/ROUTE                 the same, with an empty key
    NAME, queue://NAME, amqp://host/NAME    the queue
    none, of a target                each message's `to` says where

Names are percent-encoded behind a slash, and as they are otherwise.
"""

from typing import Final

from dragoman.doors.shared.amqp10.addresses import path_of, segments_of
from dragoman.doors.shared.amqp10.profile import Peer, Refused
from dragoman.doors.shared.predeclared import PREDECLARED, declare_predeclared
from dragoman.kernel.api import Address
from dragoman.wire.amqp10.errors import INVALID_FIELD, NOT_FOUND

QUEUES: Final = "queues"
EXCHANGES: Final = "exchanges"
_PREFIXES: Final = ("queue://", "topic://")


def address_of(text: str) -> Address:
    """Where a message goes. Raises Refused."""
    if not text.startswith("/"):
        return Address(queue_of(text))
    kind, *rest = segments_of(text)
    if kind == QUEUES and len(rest) == 1 and rest[0]:
        return Address(rest[0])
    if kind == EXCHANGES and 1 <= len(rest) <= 2 and rest[0]:
        return Address(rest[0], rest[1] if len(rest) == 2 else "", is_route=True)
    raise Refused(
        INVALID_FIELD, f"{text!r} is no address: /queues/:queue, /exchanges/:exchange/:key"
    )


def see_exchange(peer: Peer, address: Address) -> None:
    """One of RabbitMQ's predeclared exchanges is there for whoever names it."""
    if address.is_route and address.name in PREDECLARED:
        host = peer.connection.peer[0]
        declare_predeclared(peer.session, peer.namespace, peer.speaker, host, (address.name,))


def queue_of(text: str) -> str:
    """The name of the queue that an address means. Raises Refused."""
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            return text[len(prefix) :]
    if not text.startswith("/"):
        return path_of(text)
    address = address_of(text)
    if address.is_route:
        raise Refused(NOT_FOUND, "nothing is received from an exchange")
    return address.name
