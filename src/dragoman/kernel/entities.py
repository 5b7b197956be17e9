"""The kernel's entities: streams, leased subscriptions, holders. Hot: plain slotted classes, no behaviour but counting.

Stream 1 -- n Partition            the entries
   |    1 -- n Subscription        who reads them message by message
                   | 1 -- n Window (one per partition: states)
                   | 1 -- n Holder (who holds leases; those with credit are handed messages as they come)
"""

from binascii import crc32
from typing import Any

from dragoman.kernel.block import Partition
from dragoman.kernel.empties import NO_DICT, NO_LIST
from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.leases.matching import Matching
from dragoman.kernel.leases.selector import Selector
from dragoman.kernel.leases.standing import ORDERED, standing_of
from dragoman.kernel.leases.turns import Ring, Turns
from dragoman.kernel.leases.window import Window
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


class Pool:
    """A limit shared by several holders of one session. leased <= credit_max unless it was lowered meanwhile."""

    __slots__ = ("credit_max", "id", "leased", "session")

    def __init__(self, id: int, session: int, credit_max: int) -> None:
        self.id = id
        self.session = session
        self.credit_max = credit_max
        self.leased = 0


class Accepted:
    """A session's lock: nobody but its holder is served from `key`, until it ends."""

    __slots__ = ("duration_ms", "key", "partition", "until_ms")

    def __init__(self, partition: int, key: bytes, duration_ms: int, until_ms: int) -> None:
        self.partition = partition
        self.key = key
        self.duration_ms = duration_ms  # 0: as long as the connection
        self.until_ms = until_ms  # elapsed time; 0 never


class Holder:
    """Somebody who can hold leases of one subscription: a consumer, or whoever took one batch by `Lease`.

    `leased` is the number of messages it holds. `active` ones are handed messages while they have credit; `held_back`
    is set while its connection cannot take more bytes. A `metered` one is handed `allowance` more messages, whatever it
    holds.
    """

    __slots__ = (
        "accepted",
        "active",
        "ahead",
        "allowance",
        "behind",
        "credit_max",
        "duration_ms",
        "ended",
        "exclusive",
        "held_back",
        "id",
        "leased",
        "metered",
        "no_ack",
        "once",
        "passes_on",
        "pool",
        "priority",
        "ring",
        "selector",
        "session",
        "subscription",
        "tag",
        "turns",
        "weight",
    )

    def __init__(self, id: int, session: int, subscription: "Subscription", tag: Any) -> None:
        self.id = id
        self.session = session
        self.subscription = subscription
        self.tag = tag
        self.active = False
        self.held_back = False
        self.no_ack = False
        self.exclusive = False
        self.once = False  # takes one batch, and ends with the turn that hands it that
        self.passes_on = -1  # the format of which it takes messages that lie apart; -1 none
        self.credit_max = 0  # 0: no limit
        self.metered = False
        self.allowance = 0
        self.priority = 0
        self.duration_ms = 0  # 0: bound to the session's connection
        self.leased = 0
        self.pool: Pool | None = None
        self.accepted: Accepted | None = None  # the session it receives
        self.selector: Selector | None = None  # takes only what that lets through
        self.ended = (
            ""  # why the kernel has ended it, if that is for another reason than a deletion
        )
        self.weight = 1  # turns in a row, where others have one
        self.turns = 0  # of these, so far
        self.ring: Ring | None = None  # where it takes turns, while active
        self.ahead: Holder | None = None  # its neighbours there; None while it rests
        self.behind: Holder | None = None

    def room(self, most: int) -> int:
        """How many more messages it may be handed now, at most `most`."""
        if self.held_back or not self.active:
            return 0
        if self.selector is not None and self.selector.is_through:
            return 0
        if self.metered:
            most = min(most, self.allowance)
        elif self.credit_max and not self.no_ack:
            most = min(most, self.credit_max - self.leased)
        pool = self.pool
        if pool is not None and pool.credit_max and not self.no_ack:
            most = min(most, pool.credit_max - pool.leased)
        return max(most, 0)


class Subscription:
    """A leased subscription of a stream."""

    __slots__ = (
        "armed_ms",
        "consumers",
        "durable",
        "exclusive_holder",
        "filter",
        "had_consumers",
        "holders",
        "id",
        "is_keyed",
        "is_mortal",
        "is_ordered",
        "is_queue",
        "is_uneven",
        "name",
        "owner",
        "queued",
        "selecting",
        "settings",
        "showing_ms",
        "standing",
        "stored_ms",
        "stream",
        "turn_window",
        "used_ms",
        "windows",
    )

    def __init__(
        self,
        id: int,
        stream: "Stream",
        name: str,
        settings: SubscriptionSettings,
        owner: int = 0,
    ) -> None:
        self.id = id
        self.stream = stream
        self.name = name
        self.alter(settings)
        self.is_queue = name == stream.name
        self.is_keyed = settings.order in ORDERED  # which is `Keys`
        self.filter: CompiledFilter | None = None
        self.owner = owner  # session it is exclusive to; 0 none
        self.durable = stream.durable and settings.durable and owner == 0  # for life
        self.windows: list[Window] = NO_LIST
        self.holders: dict[int, Holder] = NO_DICT  # with leases or consuming
        self.consumers = Turns()  # the active ones
        self.exclusive_holder = 0
        self.selecting: list[Holder] | None = None  # the consumers with a selector
        self.had_consumers = False
        self.turn_window = 0
        self.is_mortal = settings.ttl_ms >= 0  # some message of it may expire
        self.is_uneven = False  # later ones of them may expire sooner
        self.stored_ms = 0  # of the latest of them
        self.armed_ms = 0  # wall time at which its head is looked at for expiry; 0 not armed
        self.showing_ms = 0  # wall time at which delayed messages are looked at; 0 never
        self.queued = False  # already in the kernel's list of subscriptions to dispatch
        self.used_ms = 0  # elapsed time of the last use, for idle expiry

    def alter(self, settings: SubscriptionSettings) -> None:
        """It has these settings, from now on."""
        self.settings = settings
        self.is_ordered = settings.is_ordered  # windows have an order
        self.standing = standing_of(settings, durable=self.stream.durable)

    def add_holder(self, holder: Holder) -> None:
        """It holds leases of this one, or will."""
        if self.holders is NO_DICT:
            self.holders = {}
        self.holders[holder.id] = holder

    def ready(self) -> int:
        """Messages ready to be leased."""
        total = 0
        for window in self.windows:
            total += window.ready
        return total

    def ready_bytes(self) -> int:
        """Bytes of ready messages; counted only under a limit on bytes."""
        return sum(window.ready_bytes for window in self.windows)

    def delayed(self) -> int:
        """Messages stored and not ready yet."""
        return sum(window.delayed for window in self.windows)

    def leased(self) -> int:
        """Messages held by somebody."""
        return sum(window.counts[1] for window in self.windows)


class Stream:
    """A named log of one or more partitions."""

    __slots__ = (
        "counts_bytes",
        "durable",
        "has_sessions",
        "holds",
        "id",
        "indexed",
        "is_pumped",
        "keyed",
        "matching",
        "name",
        "namespace",
        "partitions",
        "ruled",
        "settings",
        "subscriptions",
        "turn",
        "uuid",
    )

    def __init__(
        self, id: int, namespace: str, name: str, uuid: bytes, settings: StreamSettings
    ) -> None:
        self.id = id
        self.namespace = namespace
        self.name = name
        self.uuid = uuid
        self.settings = settings
        self.durable = settings.durable
        self.partitions = list(map(Partition, range(settings.partitions)))  # no longer than it is
        self.subscriptions: list[Subscription] = NO_LIST
        self.counts_bytes = False  # some subscription limits bytes
        self.indexed = False  # some subscription filters: publishes must say what matches
        self.matching: Matching | None = None  # the filters, where there are any
        self.has_sessions = False  # some subscription has sessions
        self.keyed = False  # some subscription orders by key: publishes must say the keys
        self.ruled: tuple[Subscription, ...] = ()  # those with rules, which take copies alone
        # Pumps and snapshots: what they keep, per partition.
        self.holds: dict[int, list[int]] = NO_DICT
        self.is_pumped = False  # some pump wants to know when it grows
        self.turn = 0  # partition for the next message that names none

    def earliest(self, partition: Partition) -> int:
        """Where a new reader finds what the stream keeps. One that keeps nothing has nothing for it: what is left for
        others, or by a checkpoint that has not come yet, is not its own.
        """
        return partition.start if self.settings.retention_ms else partition.end

    def add(self, subscription: Subscription) -> None:
        """One more reader."""
        if self.subscriptions is NO_LIST:
            self.subscriptions = [subscription]
        else:
            self.subscriptions.append(subscription)

    def hold(self, who: int, floors: list[int]) -> None:
        """Keep what `who` still wants: from these offsets on, per partition."""
        if self.holds is NO_DICT:
            self.holds = {}
        self.holds[who] = floors

    def held(self, partition: int, floor: int) -> int:
        """`floor`, or the lowest offset that a hold keeps below it."""
        for floors in self.holds.values():
            floor = min(floor, floors[partition] if partition < len(floors) else 0)
        return floor

    def partition_of_key(self, key: bytes) -> Partition:
        """Where messages of a key go that name no partition."""
        return self.partitions[crc32(key) % len(self.partitions)]
