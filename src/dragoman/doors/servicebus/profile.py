"""Which entity an address is, for connections of Service Bus: those that have claimed something by `$cbs`.

Other connections are left to the generic profile, though they attach the same queues.
"""

from typing import Final

from dragoman.doors.servicebus.definitions import FORWARDING, NOT_RECEIVED_FROM
from dragoman.doors.servicebus.entities import SESSIONS, Entity, base_of, check_open, find
from dragoman.doors.servicebus.errors import error_of
from dragoman.doors.servicebus.management import Management
from dragoman.doors.servicebus.sending import ServiceBusSink
from dragoman.doors.servicebus.sessions import FILTER, PendingSession
from dragoman.doors.servicebus.spelling import LockSpelling
from dragoman.doors.shared.amqp10.claims import PATH, Claims
from dragoman.doors.shared.amqp10.leased import LeasedSource
from dragoman.doors.shared.amqp10.profile import (
    Peer,
    PendingSource,
    Refused,
    Service,
    Source,
    Terms,
    Welcome,
)
from dragoman.kernel.api import Consume, Holder, ListPumps
from dragoman.model.errors import KernelError
from dragoman.wire.amqp10 import messaging
from dragoman.wire.amqp10.errors import NOT_ALLOWED, Error
from dragoman.wire.amqp10.performatives import SND_SETTLED, Attach
from dragoman.wire.amqp10.values import Described

DESTINATION: Final = "com.microsoft:transfer-destination-address"
"""Of a link that sends by way of its target: where messages go; the target is what the transaction is about."""


class ServiceBusProfile:
    """See `profile.Profile`."""

    name = "servicebus"

    def __init__(self) -> None:
        self._claims = Claims()

    def welcome(self, peer: Peer) -> Welcome | None:
        """See `profile.Profile`."""
        return None

    def service(self, peer: Peer, address: str) -> Service | None:
        """See `profile.Profile`."""
        path, is_management = base_of(address)
        if path.lower() == PATH:
            return self._claims
        return Management(path) if is_management and peer.claims else None

    def sink(self, peer: Peer, attach: Attach) -> ServiceBusSink | None:
        """See `profile.Profile`. Raises StreamNotFound."""
        target = attach.target
        address = target.address if isinstance(target, messaging.Target) else None
        if not peer.claims or type(address) is not str:
            return None
        via = (attach.properties or {}).get(DESTINATION)
        return ServiceBusSink(peer, base_of(via if type(via) is str else address)[0])

    def source(self, peer: Peer, attach: Attach) -> Source | PendingSource | None:
        """See `profile.Profile`. Raises SubscriptionNotFound."""
        source = attach.source
        if not peer.claims or not isinstance(source, messaging.Source):
            return None
        if type(source.address) is not str:
            return None
        entity = find(peer, base_of(source.address)[0])
        check_open(entity.info.settings.notes, NOT_RECEIVED_FROM)
        _check_forwards(peer, entity)
        filters = source.filter or {}
        has_sessions = entity.info.settings.order == SESSIONS
        if FILTER not in filters:
            if has_sessions:
                raise Refused(
                    NOT_ALLOWED,
                    "It is not possible for an entity that requires sessions to create a non-sessionful receiver.",
                )
            return _locked(peer, attach, entity)
        if not has_sessions:
            raise Refused(NOT_ALLOWED, "A sessionful receiver cannot be created on this entity.")
        value = filters[FILTER]
        value = value.value if type(value) is Described else value
        return PendingSession(peer, attach, entity, value if type(value) is str else None)

    def error_of(self, error: KernelError) -> Error:
        """See `profile.Profile`."""
        return error_of(error)


def _check_forwards(peer: Peer, entity: Entity) -> None:
    """Whether what comes to the entity stays there. Raises Refused."""
    mine = entity.subscription or entity.name
    for pump in peer.session.submit(ListPumps(namespace=peer.namespace, source=entity.name)):
        if pump.subscription == mine and pump.name.startswith(FORWARDING):
            raise Refused(
                NOT_ALLOWED,
                "Can not create a message receiver on an entity with auto-forwarding enabled.",
            )


def _locked(peer: Peer, attach: Attach, entity: Entity) -> Source:
    no_ack = attach.snd_settle_mode == SND_SETTLED
    lease_ms = entity.info.settings.lease_duration_ms

    def consume(tag: LeasedSource) -> Holder:
        holder: Holder = peer.session.submit(
            Consume(
                namespace=peer.namespace,
                name=entity.name,
                subscription=entity.subscription,
                tag=tag,
                metered=True,
                no_ack=no_ack,
                lease_duration_ms=0 if no_ack else lease_ms,
            )
        )
        return holder

    spelling = LockSpelling(peer.session, entity.stream(), 0 if no_ack else lease_ms)
    return LeasedSource(peer.session, Terms(), spelling, consume)
