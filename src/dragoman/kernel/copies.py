"""Copies: what a message is for one subscription alone, where rules change it.

    offset   41          42                    43                    44
             message     copy, for `eu`        copy, for `eu`        message          `eu` has two rules that act
             everybody   taker: eu             taker: eu             everybody

A copy is an entry of the stream, behind its message and in the same frame of the journal, so that a subscription has
one order and one set of numbers. It is a `control` entry: to cursors, pumps and all other subscriptions a gap, as a
transaction's marker is. `append` shows it to whom its matches name, and to nobody else; its block remembers who that is
(`Block.taker`).

    actions   of a Service Bus subscription's rules: a copy for each, beside the message itself
    rules     of a subscription (`SubscriptionSettings.rules`): one copy of each message that its filter takes and they
              let through, changed or not, and nothing but copies. So what it is handed, now or after a seek, was judged
              by the rules of the moment it was sent in.

Nobody who sends hears what becomes of a message at one subscription, so none is refused: what its rules find bad, it
rejects. That goes to the rule's dead-letter queue where it says so, else to the subscription's own; where there is
none, it is dropped and counted.
"""

from typing import TYPE_CHECKING, Final
from uuid import UUID

from dragoman.kernel.block import Partition
from dragoman.kernel.draft import Draft, Rejected
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.filters.arrival import Place
from dragoman.kernel.leases.index import Reading, key_in
from dragoman.kernel.records import Published, Target
from dragoman.kernel.rules.judging import check_count
from dragoman.kernel.rules.rule import Parcel, run
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource

if TYPE_CHECKING:
    from dragoman.kernel.filters.servicebus import Acting

ID_MAX: Final = 1 << 128


class Copy:
    """Message `index` as a subscription has it. `key` orders it, where its stream wants one; `expires_ms` and
    `priority` -1: as the message.
    """

    __slots__ = ("body", "expires_ms", "format", "index", "key", "priority", "subscription")

    def __init__(
        self, subscription: int, format_: int, body: bytes, key: bytes, index: int
    ) -> None:
        self.subscription = subscription
        self.format = format_
        self.body = body
        self.key = key
        self.index = index
        self.expires_ms = -1
        self.priority = -1


def acts(stream: Stream) -> bool:
    """Whether some rule of its subscriptions has an action."""
    return stream.matching is not None and stream.matching.acts


def has_copies(stream: Stream) -> bool:
    """Whether messages may have copies there."""
    return bool(stream.ruled) or acts(stream)


def copies(
    draft: Draft, reading: Reading, stream: Stream, index: int, place: Place | None
) -> list[Copy]:
    """Those of message `index`, which comes to `place` where somebody asks for that.

    One that an action cannot change is taken as it is. Raises InvalidArgument, MessageTooLarge, RuleNotFound.
    """
    found: list[Copy] = []
    source, body = reading.fields()[index], reading.bodies()[index]
    if place is not None:
        source = place.arrived(source, 0)
    for subscription in stream.ruled:
        if subscription.filter is None or subscription.filter.matches(source):
            _judge(draft, subscription, Parcel(reading.format, body, source), index, found)
    matching = stream.matching
    if matching is None:
        return found
    for number, acting in matching.actors(source):
        format_, changed = _acted(draft, reading, acting, source, body)
        parcel = Parcel(format_, changed, reading.translator.fields(format_, changed, 0))
        parcel.is_rekeyed = True
        ruled = [known for known in stream.ruled if known.id == number]
        if ruled:
            _judge(draft, ruled[0], parcel, index, found)
        else:
            found.append(_copy(draft, stream, number, parcel, index))
    return found


def _acted(
    draft: Draft, reading: Reading, acting: "Acting", source: FieldSource, body: bytes
) -> tuple[int, bytes]:
    try:
        change = acting.action.change(
            source, lambda: UUID(int=draft.random_below(ID_MAX), version=4)
        )
        return reading.translator.changed(reading.format, body, change, source)
    except InvalidArgument:
        return reading.format, body


def _judge(
    draft: Draft, subscription: Subscription, parcel: Parcel, index: int, found: list[Copy]
) -> None:
    """What the subscription's rules make of a message; it is rejected where they find it bad."""
    check_count(index)
    state, stream = draft.state, subscription.stream
    rules = state.rules.named(stream.namespace, subscription.settings.rules)
    fault = run(state, rules, parcel)
    if fault is None:
        found.append(_copy(draft, stream, subscription.id, parcel, index))
    else:
        draft.reject(Rejected(subscription, parcel, fault))


def _copy(draft: Draft, stream: Stream, number: int, parcel: Parcel, index: int) -> Copy:
    key, given = b"", draft.command.keys
    if stream.keyed:
        key = key_in(parcel.source) if given is None or parcel.is_rekeyed else given[index]
    copy = Copy(number, parcel.format, parcel.body, key, index)
    if parcel.expires_in_ms >= 0:
        copy.expires_ms = draft.now_ms + parcel.expires_in_ms
    copy.priority = parcel.priority
    return copy


def append_copies(draft: Draft, stream: Stream, partition: Partition, found: list[Copy]) -> None:
    """Records that append them, neighbours of one subscription in one; `partition` is their messages', unless one has a
    key of its own.
    """
    run: list[Copy] = []
    place = partition
    for copy in sorted(found, key=lambda each: each.subscription) if len(found) > 1 else found:
        where = partition
        if stream.keyed and len(stream.partitions) > 1 and (copy.key or stream.has_sessions):
            where = stream.partition_of_key(copy.key)
        if run and not (
            where is place
            and copy.subscription == run[0].subscription
            and copy.format == run[0].format
        ):
            _append(draft, stream, place, run)
            run = []
        place = where
        run.append(copy)
    if run:
        _append(draft, stream, place, run)


def _append(draft: Draft, stream: Stream, partition: Partition, run: list[Copy]) -> None:
    command, reply = draft.command, draft.reply
    offset = draft.ends.get(partition, partition.end)
    end = draft.ends[partition] = offset + len(run)
    draft.depend_on(stream, partition, end)
    reply.routed = max(reply.routed, 1)
    given = None if command.packed else command.priorities
    draft.records.append(
        Published(
            (Target(stream.id, partition.index, offset, {run[0].subscription: [(offset, end)]}),),
            run[0].format,
            [copy.body for copy in run],
            0,
            draft.now_ms,
            _columned(
                run,
                [copy.expires_ms for copy in run],
                None if command.packed else command.expires_ms,
            ),
            _columned(run, [copy.priority for copy in run], given),
            [copy.key for copy in run] if stream.keyed else None,
            control=True,
            hops=command.hops,
        )
    )


def _columned(run: list[Copy], own: list[int], given: list[int] | None) -> list[int] | None:
    """A column: what each copy says itself, else what was given for its message, else 0; None where nobody says."""
    if given is None and max(own) < 0:
        return None
    return [
        said if said >= 0 else 0 if given is None else given[copy.index]
        for copy, said in zip(run, own, strict=True)
    ]
