"""Publish: from an address to entries in streams. Hot.

Stages: route -> producer sequence -> room -> append. Which stages a publish needs is found per address and kept in
`State.plans` until topology changes, so that a message pays only for what its address uses:

    plan known      the streams are a tuple looked up by (namespace, route, key); bodies stay shut
    plan is per message (headers routes, filtered bindings): fields are read, bodies grouped by their targets

A publish is one decision: records for everything it appends, applied together (`append`) and written as one frame.
"""

from typing import Final

from dragoman.kernel.commands import Producer, Publish
from dragoman.kernel.dedup import check_ids
from dragoman.kernel.draft import (
    Draft,
    Pending,
    Streams,
)
from dragoman.kernel.each import publish_each, publish_judged
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.producers import duplicate_of
from dragoman.kernel.quotas import check_publish as check_quotas
from dragoman.kernel.records import Record
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.reservation import shown_at
from dragoman.kernel.rules.judging import GIVEN_UP, REASON, Judging, has_rules, letter_of
from dragoman.kernel.settings import Address
from dragoman.kernel.slices import partition_of, publish_all, publish_unique
from dragoman.kernel.state import State
from dragoman.kernel.transactions.transaction import check_publish
from dragoman.model.errors import (
    InvalidArgument,
    KernelError,
    StorageFull,
)
from dragoman.ports.translator import Death


def decide_publish(
    state: State, command: Publish, now_ms: int, pending: Pending | None = None
) -> tuple[list[Record], PublishReply]:
    """Records that append `command`'s messages where its address leads. `pending` carries what earlier publishes of
    the same decision will have changed.

    Raises StreamNotFound, RouteNotFound, PartitionNotFound, MessageTooLarge, InvalidArgument, QuotaExceeded,
    StorageFull and ProducerError's.
    """
    if not command.bodies:
        raise InvalidArgument("nothing to publish")
    if state.is_full:
        raise StorageFull("the disk is full")
    check_quotas(state, command)
    return decide_moved(state, command, now_ms, pending, bool(state.rules.on))


def decide_moved(
    state: State,
    command: Publish,
    now_ms: int,
    pending: Pending | None = None,
    is_judged: bool = False,
) -> tuple[list[Record], PublishReply]:
    """As `decide_publish`, for messages that were taken in before and only change their place: neither quotas nor a
    full disk may lose them. `is_judged`: by the rules of the streams that they come to.
    """
    draft = Draft(command, now_ms, pending, state)
    if command.dedup is not None:
        draft.ids = {} if pending is None else pending.ids
        check_ids(state, command, command.dedup)
    address = command.address
    if address.is_route:
        streams = (
            None
            if command.further_keys
            else plan(state, command.namespace, address.name, address.key)
        )
        if streams is None:
            judging = Judging(state, command, is_judged)
            publish_each(state, draft, None, judging)
            _bury_bad(state, draft, judging)
            _bury_refused(state, draft)
            _bury_rejected(state, draft)
            return draft.records, draft.reply
    else:
        streams = (state.stream(command.namespace, address.name),)
    if not streams:
        return draft.records, draft.reply
    producer = command.producer
    if producer is not None:
        if producer.transactional and not command.control:
            check_publish(state, streams[0], command.partition, producer)
        if _is_duplicate(streams[0], command, producer, draft.reply):
            return draft.records, draft.reply
    if is_judged and has_rules(state, streams, is_vouched=command.is_vouched):
        judging = Judging(state, command, True)
        publish_judged(state, draft, streams, judging)
        _bury_bad(state, draft, judging)
    elif draft.ids is not None:
        unique = tuple(known for known in streams if known.settings.dedup_window_ms)
        taken = publish_unique(state, draft, unique, 0, len(command.bodies))
        streams = tuple(known for known in streams if not known.settings.dedup_window_ms)
        draft.reply.routed = 0
        publish_all(draft, streams)
        draft.reply.routed += taken
    else:
        publish_all(draft, streams)
    _bury_refused(state, draft)
    _bury_rejected(state, draft)
    return draft.records, draft.reply


def plan(state: State, namespace: str, route: str, key: str) -> Streams | None:
    """The streams every message with this key goes to; None when that depends on the message. Raises RouteNotFound."""
    known = state.plans.get((namespace, route, key))
    if known is None:
        known = state.routing.plan(state.streams, namespace, route, key)
        if known is not None:
            if len(state.plans) >= PLANS_MAX:  # keys are clients' fancy
                state.plans.clear()
            state.plans[(namespace, route, key)] = known
    return known


PLANS_MAX: Final = 65_536
NOWHERE: Final = Address("")


def _bury_bad(state: State, draft: Draft, judging: Judging) -> None:
    """What rules refuse is refused; what they dead-letter is published there. Raises MessageInvalid."""
    judging.check()
    for letter in judging.letters:
        command = letter_of(state, letter, draft.now_ms, draft.command.hops)
        if command is None:
            continue
        try:
            draft.records += decide_moved(state, command, draft.now_ms, draft.pending())[0]
        except KernelError:
            continue  # no room there: dropped, as its rule was told


def _is_duplicate(
    stream: Stream, command: Publish, producer: Producer, reply: PublishReply
) -> bool:
    partition = partition_of(stream, command.partition)
    offset = duplicate_of(partition.producers, producer)
    if offset < 0:
        return False
    reply.duplicate = True
    reply.offset = offset
    reply.partition = partition.index
    reply.routed = 1
    level = max(command.level, stream.settings.level)
    reply.level = shown_at(partition, offset + producer.count, level)
    return True


def _bury_refused(state: State, draft: Draft) -> None:
    """What was refused goes to the dead-letter address of who refused it, where its overflow says so."""
    command = draft.command
    for subscription, index in draft.refused or ():
        if subscription.settings.overflow == "reject-publish-dead-letter":
            body = command.bodies[index]
            death = death_of(subscription, "maxlen", draft.now_ms)
            draft.records += decide_death(
                state, subscription, command.format, body, death, draft.pending(), command.hops
            )


def _bury_rejected(state: State, draft: Draft) -> None:
    """What rules of subscriptions find bad goes where these, or their subscription, send it."""
    for rejected in draft.rejected or ():
        subscription, parcel, fault = rejected.subscription, rejected.parcel, rejected.fault
        death = death_of(subscription, REASON, draft.now_ms)
        address = subscription.settings.dead_letter
        if rejected.address:
            address = Address(rejected.address)
            death.route_key = death.exchange = ""
        if fault.bad == "drop" or address is None:
            state.given_up.record(GIVEN_UP, 1, lettered=0)
            continue
        state.given_up.record(GIVEN_UP, 1, lettered=1)
        death.text = fault.text
        message, namespace = (parcel.format, parcel.body), subscription.stream.namespace
        draft.records += _lettered(
            state, namespace, address, message, death, draft.pending(), draft.command.hops
        )


def death_of(subscription: Subscription, reason: str, now_ms: int) -> Death:
    """What the subscription says of a message that it gives up, whatever message it is."""
    address = subscription.settings.dead_letter or NOWHERE
    exchange = address.name if address.is_route else ""
    return Death(reason, subscription.name, now_ms, address.key, exchange=exchange)


def decide_death(
    state: State,
    subscription: Subscription,
    format_: int,
    body: bytes,
    death: Death,
    pending: Pending,
    hops: int = 0,
) -> list[Record]:
    """Records that publish a message to the dead-letter address of the subscription that gives it up.

    `hops`: how many pumps it came through.
    """
    address = subscription.settings.dead_letter
    if address is None:
        return []
    namespace = subscription.stream.namespace
    return _lettered(state, namespace, address, (format_, body), death, pending, hops)


def _lettered(
    state: State,
    namespace: str,
    address: Address,
    message: tuple[int, bytes],
    death: Death,
    pending: Pending,
    hops: int,
) -> list[Record]:
    format_, body = message
    key = address.key or state.translator.route_key(format_, body)
    further: tuple[str, ...] = ()
    try:
        lettered = state.translator.dead_letter(format_, body, death)
        if lettered is None:
            return []
        further = state.translator.further_keys(*lettered)
    except InvalidArgument:
        lettered = (format_, body)  # unreadable: as it is
    names = (address.name,) if address.name else dict.fromkeys((key, *further))
    records: list[Record] = []
    for name in names:
        target = Address(name, key, address.is_route)
        command = Publish(namespace, target, lettered[0], [lettered[1]])
        command.hops = hops
        command.further_keys = further
        try:
            records += decide_moved(state, command, death.at_ms, pending)[0]
        except KernelError:
            continue  # the address leads nowhere: dropped, as its protocols do
    return records
