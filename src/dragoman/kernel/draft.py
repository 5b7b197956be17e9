"""A publish being decided, and the limits that refuse part of it. Hot where a subscription refuses publishes.

A subscription whose overflow is to refuse takes bodies while it has room, then nothing more of that publish, so that
order is kept; the other targets take them all the same. What one decision has given away already (offsets, room) is
shared by all publishes of its set through `Pending`.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from dragoman.kernel.block import Partition, measured
from dragoman.kernel.commands import Publish
from dragoman.kernel.entities import Stream, Subscription
from dragoman.kernel.leases.index import Reading
from dragoman.kernel.records import Record
from dragoman.kernel.replies import PublishReply
from dragoman.kernel.reservation import shown_at
from dragoman.kernel.rules.fault import Fault
from dragoman.kernel.rules.rule import Parcel
from dragoman.model.levels import APPLIED
from dragoman.ports.translator import Translator

if TYPE_CHECKING:
    from dragoman.kernel.state import State

Streams = tuple[Stream, ...]

ROOM_MAX: Final = 1 << 60  # no limit


class Pending:
    """What earlier decisions of one atomic set will have changed, for those that come after them.

    ends    the next offset per partition appended to
    ids     where messages with a dedup id will be, by (stream, id): wall time, partition, offset
    room    (messages, bytes) left of each subscription that refuses publishes
    spoken  offsets somebody in the set settles or revokes, by (subscription, partition): not to be revoked (again)
    """

    __slots__ = ("ends", "ids", "room", "spoken")

    def __init__(self) -> None:
        self.ends: dict[Partition, int] = {}
        self.ids: dict[tuple[int, str], tuple[int, int, int]] = {}
        self.room: dict[int, tuple[int, int]] = {}
        self.spoken: dict[tuple[int, int], set[int]] = {}


class Rejected:
    """What the rules of a subscription find bad. `address`: the stream that it goes to; empty: the subscription's own
    dead letters.
    """

    __slots__ = ("fault", "parcel", "subscription")

    def __init__(self, subscription: Subscription, parcel: Parcel, fault: Fault) -> None:
        self.subscription = subscription
        self.parcel = parcel
        self.fault = fault

    @property
    def address(self) -> str:
        return self.fault.dead_letter if self.fault.bad == "dead-letter" else ""


class Draft:
    """A publish being decided: the records so far, the offsets they will take, who refused what, and what subscriptions
    reject.
    """

    __slots__ = (
        "command",
        "ends",
        "ids",
        "now_ms",
        "random_below",
        "reading",
        "records",
        "refused",
        "rejected",
        "reply",
        "shared",
        "state",
        "translator",
    )

    def __init__(
        self,
        command: Publish,
        now_ms: int,
        pending: Pending | None,
        state: "State",
    ) -> None:
        self.state = state
        self.translator = state.translator
        self.random_below = state.random_below
        self.reading: Reading | None = None  # of `command`, where readers filter or order by key
        self.command = command
        self.now_ms = now_ms
        self.records: list[Record] = []
        self.shared = pending
        self.ends: dict[Partition, int] = {} if pending is None else pending.ends
        self.ids: dict[tuple[int, str], tuple[int, int, int]] | None = None  # as of `Pending`
        self.refused: list[tuple[Subscription, int]] | None = None  # (by whom, index of the body)
        self.rejected: list[Rejected] | None = None
        self.reply = PublishReply(0, -1, 0, APPLIED)

    def reject(self, rejected: Rejected) -> None:
        """A subscription does not take a message."""
        if self.rejected is None:
            self.rejected = []
        self.rejected.append(rejected)

    def pending(self) -> Pending:
        """What the whole set shares; made when a second publish or a limit needs it."""
        shared = self.shared
        if shared is None:
            shared = self.shared = Pending()
            shared.ends = self.ends
        return shared

    def depend_on(self, stream: Stream, partition: Partition, end: int) -> None:
        """Whoever published hears of it when offsets below `end` may be seen."""
        if stream.durable:
            command, reply = self.command, self.reply
            level = stream.settings.level if command.level < 0 else command.level
            reply.level = max(reply.level, shown_at(partition, end, level))

    def refuse(self, subscription: Subscription, index: int) -> None:
        """`subscription` does not take body `index`, nor any that follows."""
        if self.refused is None:
            self.refused = []
        self.refused.append((subscription, index))
        if self.reply.refused < 0:
            self.reply.refused = index

    def has_refused(self, subscription: Subscription) -> bool:
        """Whether `subscription` has refused a body of this publish."""
        return any(known is subscription for known, _ in self.refused or ())


def unpacked(translator: Translator, command: Publish) -> Publish:
    """The messages of a batch, each for itself."""
    format_, bodies = translator.open_batch(command.format, command.bodies[0])
    return like(command, format_, bodies)


def like(command: Publish, format_: int, bodies: list[bytes]) -> Publish:
    """The same publish with other bodies."""
    other = Publish(command.namespace, command.address, format_, bodies)
    other.partition = command.partition
    other.level = command.level
    other.hops = command.hops
    return other


def without(command: Publish, gone: Collection[int]) -> Publish | None:
    """The same publish, of single messages, without those with these indexes; None when nothing is left."""
    kept = [index for index in range(len(command.bodies)) if index not in gone]
    if not kept or command.packed:
        return None
    other = like(command, command.format, [command.bodies[index] for index in kept])
    other.is_told, other.due_ms, other.latest_ms = (
        command.is_told,
        command.due_ms,
        command.latest_ms,
    )
    other.further_keys = command.further_keys
    expires, priorities = command.expires_ms, command.priorities
    keys, dedup = command.keys, command.dedup
    other.expires_ms = None if expires is None else [expires[index] for index in kept]
    other.priorities = None if priorities is None else [priorities[index] for index in kept]
    other.keys = None if keys is None else [keys[index] for index in kept]
    other.dedup = None if dedup is None else [dedup[index] for index in kept]
    return other


def may_refuse(subscription: Subscription, command: Publish) -> bool:
    """Whether the subscription's limits refuse publishes instead of dropping its head. Batches are never refused."""
    settings = subscription.settings
    return (
        settings.overflow != "drop-head"
        and (settings.length_max >= 0 or settings.bytes_max >= 0)
        and subscription.is_queue
        and not command.packed
    )


def willing(draft: Draft, streams: Streams, index: int) -> Streams:
    """The streams that take body `index`; what refuses is noted, and refuses all that follow."""
    refusing: list[Stream] = []
    for stream in streams:
        if draft.ids is not None and stream.settings.dedup_window_ms:
            continue  # judged once it is known what is new
        for subscription in stream.subscriptions:
            if may_refuse(subscription, draft.command) and not _takes(draft, subscription, index):
                draft.refuse(subscription, index)
                refusing.append(stream)
                break
    if not refusing:
        return streams
    return tuple(stream for stream in streams if stream not in refusing)


def _takes(draft: Draft, subscription: Subscription, index: int) -> bool:
    """Whether there is room for body `index`, which then is taken."""
    if draft.has_refused(subscription):
        return False
    size = _size(subscription, draft, index, index + 1)
    messages, left = _room(subscription, draft)
    if messages <= 0 or left < size:
        return False
    draft.pending().room[subscription.id] = (messages - 1, left - size)
    return True


def _room(subscription: Subscription, draft: Draft) -> tuple[int, int]:
    """How many messages and bytes the subscription takes before it refuses."""
    known = draft.pending().room.get(subscription.id)
    if known is not None:
        return known
    settings = subscription.settings
    messages = left = ROOM_MAX
    if settings.length_max >= 0:
        messages = settings.length_max - subscription.ready() - subscription.delayed()
        for partition in subscription.stream.partitions:
            messages -= draft.ends.get(partition, partition.end) - partition.end
    if settings.bytes_max >= 0:
        left = settings.bytes_max - subscription.ready_bytes()
    return messages, left


def _size(subscription: Subscription, draft: Draft, start: int, end: int) -> int:
    """Bytes of bodies start <= i < end, as the subscription's limit counts them."""
    if subscription.settings.bytes_max < 0:
        return 0
    command = draft.command
    return sum(measured(draft.translator, command.format, command.bodies[start:end]))


def refuses(stream: Stream, draft: Draft, start: int, end: int) -> bool:
    """Whether a reader has no room for all of [start, end), and so takes none of it."""
    for subscription in stream.subscriptions:
        if may_refuse(subscription, draft.command):
            messages, left = _room(subscription, draft)
            size = _size(subscription, draft, start, end)
            if messages < end - start or left < size:
                for index in range(start, end):
                    draft.refuse(subscription, index)
                return True
    return False
