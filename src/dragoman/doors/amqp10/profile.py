"""Which node a generic address is: a route, a queue, a stream without a queue, or one made for the link alone."""

from base64 import urlsafe_b64encode
from typing import Any, Final

from dragoman.doors.amqp10.addresses import address_of, queue_of, see_exchange
from dragoman.doors.amqp10.selecting import Selector, selector_in, selects_by
from dragoman.doors.amqp10.sending import GenericSink
from dragoman.doors.amqp10.spelling import GenericSpelling
from dragoman.doors.shared import users
from dragoman.doors.shared.amqp10.cursor import CursorSource
from dragoman.doors.shared.amqp10.errors import error_of
from dragoman.doors.shared.amqp10.leased import LeasedSource
from dragoman.doors.shared.amqp10.profile import Peer, Refused, Service, Source, Terms, Welcome
from dragoman.kernel.api import (
    Address,
    Consume,
    DeclareQueue,
    DeclareRoute,
    DescribeStream,
    FindQueue,
    FindStream,
    FindTime,
    Holder,
    RouteInfo,
    StreamInfo,
    SubscriptionSettings,
)
from dragoman.model.errors import KernelError, SubscriptionNotFound
from dragoman.wire.amqp10 import messaging
from dragoman.wire.amqp10.errors import INVALID_FIELD, UNAUTHORIZED_ACCESS, Error
from dragoman.wire.amqp10.messaging import OUTCOME_NAMES, RELEASED
from dragoman.wire.amqp10.performatives import SND_SETTLED, Attach
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp

OFFSET_SPEC: Final = "rabbitmq:stream-offset-spec"
TOKEN_BYTES: Final = 16
ANONYMOUS: Final = "ANONYMOUS-RELAY"


class GenericProfile:
    """See `profile.Profile`."""

    name = "amqp10"

    def welcome(self, peer: Peer) -> Welcome | None:
        """See `profile.Profile`."""
        return Welcome(offered_capabilities=(ANONYMOUS,))

    def service(self, peer: Peer, address: str) -> Service | None:
        """See `profile.Profile`."""
        return None

    def sink(self, peer: Peer, attach: Attach) -> GenericSink | None:
        """See `profile.Profile`."""
        _come_in(peer)
        target = attach.target
        if not isinstance(target, messaging.Target):
            raise Refused(INVALID_FIELD, "a target of a kind that is not known here")
        if target.dynamic:
            name = _declare(peer)
            made = messaging.Target(f"/queues/{name}", dynamic=True)
            return GenericSink(peer, Terms(target=made), Address(name))
        if target.address is None:
            return GenericSink(peer, Terms(), None)
        address = address_of(target.address if type(target.address) is str else "")
        _check(peer, address)
        return GenericSink(peer, Terms(), address)

    def source(self, peer: Peer, attach: Attach) -> Source | None:
        """See `profile.Profile`."""
        _come_in(peer)
        source = attach.source
        if not isinstance(source, messaging.Source):
            raise Refused(INVALID_FIELD, "a source of a kind that is not known here")
        if source.dynamic:
            name = _declare(peer)
            return _leased(peer, attach, name, f"/queues/{name}")
        name = queue_of(source.address if type(source.address) is str else "")
        try:
            peer.session.submit(FindQueue(namespace=peer.namespace, name=name))
        except SubscriptionNotFound:
            info = peer.session.submit(DescribeStream(namespace=peer.namespace, name=name))
            return _cursor(peer, source, info)
        return _leased(peer, attach, name, source.address, selector_in(source.filter))

    def error_of(self, error: KernelError) -> Error:
        """See `profile.Profile`."""
        return error_of(error)


def _come_in(peer: Peer) -> None:
    """Raises Refused for a user whom RabbitMQ would not let into the virtual host."""
    if not users.admits(peer.session, peer.namespace, peer.speaker):
        text = f"access to vhost '/' refused for user '{peer.speaker}'"
        raise Refused(UNAUTHORIZED_ACCESS, text)


def _check(peer: Peer, address: Address) -> None:
    """Raises Refused, NotFound."""
    if not address.is_route:
        peer.session.submit(FindStream(namespace=peer.namespace, name=address.name))
        return
    see_exchange(peer, address)
    command = DeclareRoute(namespace=peer.namespace, name=address.name, passive=True)
    info: RouteInfo = peer.session.submit(command)
    if info.settings.internal:
        raise Refused(UNAUTHORIZED_ACCESS, f"{address.name!r} is internal")


def _declare(peer: Peer) -> str:
    """A queue for this connection alone, gone with it."""
    token = urlsafe_b64encode(peer.session.token(TOKEN_BYTES)).rstrip(b"=").decode()
    name = f"amq.dynamic-{token}"
    settings = SubscriptionSettings(durable=False, exclusive=True)
    peer.session.submit(DeclareQueue(namespace=peer.namespace, name=name, settings=settings))
    return name


def _answer(said: messaging.Source, address: Any, filters: dict[Any, Any] | None) -> Any:
    """The source as it is: filters that are not in force are left out."""
    return messaging.Source(
        address,
        said.durable,
        said.expiry_policy,
        said.timeout,
        said.dynamic,
        said.dynamic_node_properties,
        said.distribution_mode,
        filters,
        RELEASED,
        OUTCOME_NAMES,
        said.capabilities,
    )


def _leased(
    peer: Peer, attach: Attach, name: str, address: Any, selector: Selector | None = None
) -> Source:
    no_ack = attach.snd_settle_mode == SND_SETTLED
    text = "" if selector is None else selector.text
    if selector is not None and not text.strip():
        raise Refused(INVALID_FIELD, "a selector is text")

    def consume(tag: LeasedSource) -> Holder:
        holder: Holder = peer.session.submit(
            Consume(
                namespace=peer.namespace,
                name=name,
                tag=tag,
                metered=True,
                no_ack=no_ack,
                selector=text,
            )
        )
        return holder

    in_force = None if selector is None else {selector.name: selector.said}
    terms = Terms(source=_answer(attach.source, address, in_force))
    return LeasedSource(peer.session, terms, GenericSpelling(tells_offsets=False), consume)


def _cursor(peer: Peer, said: messaging.Source, info: StreamInfo) -> Source:
    filters = said.filter or {}
    spec = filters.get(OFFSET_SPEC)
    value = spec.value if type(spec) is Described else spec
    places = {
        partition: _place(peer, info, partition, value) for partition in range(len(info.partitions))
    }
    in_force = {} if spec is None else {Symbol(OFFSET_SPEC): spec}
    selector = selector_in(filters)
    selects = None
    if selector is not None:
        in_force[selector.name] = selector.said
        selects = selects_by(selector.text)
    terms = Terms(source=_answer(said, said.address, in_force or None))
    spelling = GenericSpelling(tells_offsets=True)
    return CursorSource(peer.session, terms, spelling, info, places, selects)


def _place(peer: Peer, info: StreamInfo, partition: int, spec: Any) -> int:
    """Where to begin: `first`, `last`, `next`, an offset, or a time. Raises Refused."""
    known = info.partitions[partition]
    if spec is None or spec == "next":
        return known.committed
    if type(spec) is Timestamp:
        command = FindTime(
            namespace=peer.namespace, name=info.name, partition=partition, time_ms=int(spec)
        )
        offset, _ = peer.session.submit(command)
        return known.committed if offset < 0 else int(offset)
    if isinstance(spec, int) and type(spec) is not bool:
        return min(max(int(spec), known.start), known.committed)
    if spec == "first":
        return known.start
    if spec == "last":
        return max(known.committed - 1, known.start)
    raise Refused(INVALID_FIELD, f"{OFFSET_SPEC}: first, last, next, an offset or a timestamp")
