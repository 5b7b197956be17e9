"""Everything the kernel remembers, and how to find it. Changed by `apply` functions only.

Three kinds of things hang here: entities (durable, rebuilt from the journal), holders and pools (they live as long as
their session), and notes for the runtime gathered since it last looked (`active`, `grown`).
"""

from collections import deque
from collections.abc import Callable
from heapq import heapify, heappush
from typing import Any, Final

import msgspec

from dragoman.kernel.aliases import Aliases
from dragoman.kernel.block import Block, Partition
from dragoman.kernel.compaction import Compaction
from dragoman.kernel.dedup import Dedup
from dragoman.kernel.documents import Documents
from dragoman.kernel.entities import Holder, Pool, Stream, Subscription
from dragoman.kernel.groups.group import Groups
from dragoman.kernel.groups.readers import Readers
from dragoman.kernel.idle import Idle
from dragoman.kernel.leases.due import Due
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.pushed import Pushed
from dragoman.kernel.permissions import Permissions
from dragoman.kernel.pumps import Pumps
from dragoman.kernel.quotas import Quotas, Usage
from dragoman.kernel.retention import Patrol
from dragoman.kernel.rules.book import Book
from dragoman.kernel.schedules import Schedules
from dragoman.kernel.snapshots import Snapshots
from dragoman.kernel.transactions.transaction import Transactions
from dragoman.model.errors import StreamNotFound, SubscriptionNotFound
from dragoman.ports.schemas import SchemaLanguages
from dragoman.ports.translator import Translator
from dragoman.telemetry.counters import GivenUp

LOOK_MS: Final = 1  # before every wall time there is: look at the head at once
HOLDER_BITS: Final = 40  # of a holder's id within one life; the rest is the incarnation
encode_settings: Final = msgspec.msgpack.Encoder().encode
SETTINGS_KNOWN_MAX: Final = 4_096  # that equal ones are found among
STALE_MAX: Final = 1024  # overtaken deadlines kept, beside as many as there are subscriptions


class Needs(Exception):
    """A decision needs the bodies of blocks that are only on disk; nothing has changed. Load them and ask again."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__(blocks)
        self.blocks = blocks


class State:
    """The kernel's memory."""

    __slots__ = (
        "active",
        "aliases",
        "appended",
        "boot",
        "cancelled",
        "compaction",
        "crowded",
        "dedup",
        "deleted",
        "dirty_floors",
        "dirty_streams",
        "dirty_subscriptions",
        "documents",
        "due",
        "expiring",
        "given_up",
        "gone",
        "groups",
        "grown",
        "guarded",
        "has_checkpoints",
        "holder_next",
        "holders",
        "holders_of",
        "id_next",
        "idle",
        "incarnation",
        "is_full",
        "languages",
        "listings",
        "owned_by",
        "patrol",
        "permissions",
        "plans",
        "pools",
        "pools_of",
        "producer_next",
        "producer_reserved",
        "protocols",
        "pumps",
        "pushed",
        "quotas",
        "random_below",
        "readers",
        "resident",
        "retry",
        "routing",
        "rules",
        "schedules",
        "secret",
        "settings_known",
        "showing",
        "snapshots",
        "stirred",
        "streams",
        "streams_by_uuid",
        "streams_named",
        "subscriptions",
        "transactions",
        "translator",
        "usage",
    )

    def __init__(  # noqa: PLR0915  (a list)
        self, translator: Translator, routing: Any, random_below: Callable[[int], int]
    ) -> None:
        self.translator = translator
        self.routing = routing
        self.random_below = random_below
        # The next id of streams, subscriptions, routes and pools, never reused; of holders see `begin_life`.
        self.id_next = self.holder_next = 1
        self.incarnation = 1
        # Of the store, and of the run of the machine in which this life began; empty unknown.
        self.secret = self.boot = b""
        self.is_full = False  # the disk is: publishes are refused, everything else goes on
        self.appended = 0  # bytes ever appended, each body once: how much the journal is given
        self.resident = 0  # bytes of memory, about, of blocks that are nowhere else
        self.dirty_streams: dict[int, Stream] = {}  # changed since the last checkpoint, or deleted
        self.dirty_subscriptions: dict[int, Subscription] = {}
        self.streams: dict[int, Stream] = {}
        self.streams_named: dict[tuple[str, str], Stream] = {}
        self.streams_by_uuid: dict[bytes, Stream] = {}
        self.groups = Groups()
        self.transactions = Transactions()
        self.idle = Idle()
        self._init_features()
        self.quotas = Quotas()  # set by the operator
        self.usage = Usage()
        self.patrol = Patrol()
        self.producer_next = (
            0  # the next producer id; below `producer_reserved`, or a record is due
        )
        self.producer_reserved = 0
        self.subscriptions: dict[int, Subscription] = {}
        self.holders: dict[int, Holder] = {}
        self.holders_of: dict[int, dict[int, Holder]] = {}  # by session
        self.owned_by: dict[int, dict[int, Subscription]] = {}  # exclusive ones, by session
        self.pools: dict[int, Pool] = {}
        self.protocols: dict[int, str] = {}  # what sessions speak
        self.pools_of: dict[int, list[Pool]] = {}  # by session
        self.plans: dict[
            tuple[str, str, str], tuple[Stream, ...]
        ] = {}  # cleared when topology changes
        # May have messages and somebody to hand them to: the next to be served first.
        self.active: deque[Subscription] = deque()
        self.crowded: list[
            Subscription
        ] = []  # with a length limit, appended to since overflow was last judged
        self.grown: list[tuple[Stream, Partition]] = []  # appended to since the runtime last looked
        self.cancelled: list[Holder] = []  # consumers whose subscription went away, to be told
        self.gone: list[
            Block
        ] = []  # blocks with a place on disk that no reader can ask for any more
        self.expiring: list[
            tuple[int, int]
        ] = []  # heap: (wall ms, subscription) whose head may expire then
        self.dirty_floors: dict[int, Stream] = {}  # floors may have moved
        self.showing: list[tuple[int, int]] = []  # heap: (wall ms, subscription with a delay)
        self.due = Due()  # when leases with a deadline end
        self.retry: list[
            tuple[int, int, int, int, int]
        ] = []  # heap: (ready elapsed ms, subscription, partition, a, b)

    def _init_features(self) -> None:
        self.has_checkpoints = True  # False: nothing here is ever written
        # What features wait for may have changed since the kernel's sweep last asked them all.
        self.stirred = True
        self.given_up = GivenUp()  # since the process began
        self.deleted: list[tuple[str, str]] = []  # streams that went away, for who watches them
        self.settings_known: dict[bytes, Any] = {}  # as they are written; see `one_of`
        self.schedules = Schedules()
        self.dedup = Dedup()
        self.pumps = Pumps()
        self.snapshots = Snapshots()
        self.documents = Documents()
        self.permissions = Permissions()
        self.guarded = False  # whether some namespace is: only then permissions are asked at all
        self.languages: SchemaLanguages | None = None  # of schemas, set with the operator's quotas
        self.rules = Book()
        self.aliases = Aliases()
        self.pushed = Pushed()
        self.listings: dict[str, Any] = {}  # by namespace; see `listing`
        self.compaction = Compaction()
        self.readers = Readers()

    def begin_life(self, incarnation: int) -> None:
        """A start: nobody is ever again a holder of an earlier life, whose receipts may have outlived its records."""
        self.incarnation = incarnation
        self.holder_next = max(self.holder_next, incarnation << HOLDER_BITS)

    def one_of(self, settings: Any) -> Any:
        """Settings that are equal are one object: a hundred thousand queues declared alike have one among them."""
        key = encode_settings(settings)
        known = self.settings_known.get(key)
        if type(known) is type(settings):
            return known
        if len(self.settings_known) >= SETTINGS_KNOWN_MAX:
            self.settings_known.clear()
        self.settings_known[key] = settings
        return settings

    def stream(self, namespace: str, name: str) -> Stream:
        """Raises StreamNotFound."""
        stream = self.streams_named.get((namespace, name))
        if stream is None:
            raise StreamNotFound(name)
        return stream

    def subscription(self, namespace: str, name: str, subscription: str = "") -> Subscription:
        """The subscription of that name on the stream `name`, its queue when empty. Raises SubscriptionNotFound."""
        stream = self.streams_named.get((namespace, name))
        if stream is not None:
            wanted = subscription or name
            for candidate in stream.subscriptions:
                if candidate.name == wanted:
                    return candidate
        raise SubscriptionNotFound(name)

    def reader(self, namespace: str, name: str, group: str) -> Subscription | None:
        """The subscription by which the share group reads the stream `name`."""
        stream = self.streams_named.get((namespace, name))
        if stream is None:
            return None
        return self.subscriptions.get(self.groups.reader((namespace, group), stream))

    def arm(self, subscription: Subscription, wall_ms: int) -> None:
        """Look at the subscription's head for expiry at `wall_ms`, unless that will happen sooner anyway."""
        if not subscription.armed_ms or wall_ms < subscription.armed_ms:
            subscription.armed_ms = wall_ms
            heappush(self.expiring, (wall_ms, subscription.id))
            if len(self.expiring) > 2 * len(self.subscriptions) + STALE_MAX:
                self._forget_stale()

    def look(self, subscription: Subscription) -> None:
        """The subscription has another head: see at the end of this turn when that one expires."""
        if subscription.is_mortal:
            self.arm(subscription, LOOK_MS)

    def crowd(self, subscription: Subscription) -> None:
        """More is ready: see at the end of this turn whether that is too much."""
        settings = subscription.settings
        if settings.length_max >= 0 or settings.bytes_max >= 0:
            self.crowded.append(subscription)

    def forget_retries(self, subscription: int, partition: int) -> None:
        """What waited there waits no longer, and may wait for another time soon."""
        self.retry = [entry for entry in self.retry if entry[1:3] != (subscription, partition)]
        heapify(self.retry)

    def _forget_stale(self) -> None:
        """Deadlines that were overtaken by sooner ones."""
        self.expiring = [
            (known.armed_ms, known.id) for known in self.subscriptions.values() if known.armed_ms
        ]
        heapify(self.expiring)

    def forget(self, blocks: list[Block]) -> None:
        """No reader can ask for these blocks any more."""
        for block in blocks:
            self.usage.stored_bytes -= block.size
            if block.place is None:
                self.resident -= block.freed()
            else:
                self.gone.append(block)

    def add_holder(self, holder: Holder) -> None:
        """Somebody can hold leases now."""
        self.holders[holder.id] = holder
        self.holders_of.setdefault(holder.session, {})[holder.id] = holder
        holder.subscription.add_holder(holder)

    def drop_holder(self, holder: Holder) -> None:
        """It holds nothing and wants nothing any more; told twice is fine."""
        self.holders.pop(holder.id, None)
        holder.subscription.holders.pop(holder.id, None)
        mine = self.holders_of.get(holder.session)
        if mine is not None and mine.pop(holder.id, None) is not None and not mine:
            del self.holders_of[holder.session]

    def wake(self, holder: Holder) -> None:
        """The consumer may have room again."""
        subscription = holder.subscription
        subscription.consumers.wake(holder)
        if subscription.is_keyed:
            for window in subscription.windows:
                assert isinstance(window.order, Keys)
                window.order.call(holder.id)
        self.activate(subscription)

    def activate(self, subscription: Subscription) -> None:
        """Note that `subscription` may have something to hand out."""
        if not subscription.queued and subscription.consumers.count:
            subscription.queued = True
            self.active.append(subscription)
