"""Who gets what of a publish, and in which lane: decided once, at publish, stored in the record.

    filters    which offsets each filtered subscription takes: `Target.matches`, runs per subscription
    keys       read from the messages where the publisher gave none and somebody orders by key: `Published.keys`

Only streams with such readers (`Stream.indexed`) are looked at. A batch is opened for that and stored whole. What a
stream already holds when such a reader attaches to it is indexed then, up to BACKLOG_BYTES_MAX of it.
"""

from typing import TYPE_CHECKING, Final

from dragoman.kernel.filters.arrival import Place
from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.filters.servicebus import Acting, servicebus_actions
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.lanes import Lanes
from dragoman.kernel.leases.matching import Matching, reads_arrival
from dragoman.kernel.leases.order import Order
from dragoman.kernel.leases.pushed import NAME_CHARS_MAX
from dragoman.kernel.leases.ranks import TOP_MAX, Ranks
from dragoman.kernel.leases.states import DONE
from dragoman.kernel.leases.window import Window
from dragoman.kernel.settings import PRIORITY_MAX, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, NotSupported
from dragoman.model.limits import DELAY_MS_MAX
from dragoman.ports.translator import FieldSource, Translator

if TYPE_CHECKING:
    from dragoman.kernel.block import Block, Partition
    from dragoman.kernel.commands import Publish
    from dragoman.kernel.entities import Stream, Subscription
    from dragoman.kernel.records import Published, Target

Runs = list[tuple[int, int]]
Entries = list[tuple[int, int, int, bytes]]

BACKLOG_BYTES_MAX: Final = 16 << 20  # read at once when a reader with an order attaches to a stream
KEY_BYTES_MAX: Final = 1024  # longer keys are cut: their messages share a lane
KEYED: Final = ("key", "session", "fair")


def order_of(settings: SubscriptionSettings) -> Order | None:
    """A new window's order; None for plain queues."""
    if settings.order in KEYED:
        return Keys(sessions=settings.order == "session", fair=settings.order == "fair")
    takes_all = not (settings.filter or settings.rules or settings.laned)
    if settings.order == "priority" and takes_all and settings.priorities <= TOP_MAX:
        return Ranks(settings.priorities)
    if settings.is_ordered:
        return Lanes(settings.priorities if settings.order == "priority" else 0)
    return None


def filter_of(settings: SubscriptionSettings) -> CompiledFilter | None:
    """Raises InvalidArgument."""
    return filter_in(settings.dialect, settings.filter)


def actions_of(settings: SubscriptionSettings) -> tuple[Acting, ...]:
    """Rules that change what they take. Raises InvalidArgument."""
    if settings.dialect != "servicebus" or not settings.filter:
        return ()
    return servicebus_actions(settings.filter)


def note_filter(subscription: "Subscription") -> None:
    """Its stream asks the filter that it has now, if it has one."""
    stream = subscription.stream
    if subscription.filter is not None:
        if stream.matching is None:
            stream.matching = Matching()
        actions = actions_of(subscription.settings)
        stream.matching.set(subscription.id, subscription.filter, actions)
    elif stream.matching is not None:
        stream.matching.drop(subscription.id)


WEIGHT_MAX: Final = 1_000  # of a protocol's consumers
WEIGHTS_MAX: Final = 32  # protocols that have one


def check_order(settings: SubscriptionSettings) -> None:
    """Raises InvalidArgument."""
    if not 0 <= settings.priorities <= PRIORITY_MAX:
        raise InvalidArgument(f"priorities: 0 to {PRIORITY_MAX}, not {settings.priorities}")
    if settings.revoke_followers and settings.order != "key":
        raise InvalidArgument("followers are revoked where order is by key")
    if not 0 <= settings.delay_ms <= DELAY_MS_MAX:
        raise InvalidArgument(f"a delay has 0 to {DELAY_MS_MAX} ms, not {settings.delay_ms}")
    if len(settings.push) > NAME_CHARS_MAX:
        raise InvalidArgument(f"who pushes has a name of at most {NAME_CHARS_MAX} characters")
    if settings.leased_max < 0:
        raise InvalidArgument(f"leased_max: 0 or more, not {settings.leased_max}")
    if settings.delay_ms and (settings.filter or settings.rules):
        raise InvalidArgument(
            "a subscription with a filter or rules has no delay: have them in a binding to its queue"
        )
    if any(not 1 <= weight <= WEIGHT_MAX for weight in settings.weights.values()):
        raise InvalidArgument(f"a weight is 1 to {WEIGHT_MAX}")
    if len(settings.weights) > WEIGHTS_MAX:
        raise InvalidArgument(f"weights of at most {WEIGHTS_MAX} protocols")
    filter_of(settings)
    actions_of(settings)


class Reading:
    """The messages of one publish, read when first asked for."""

    __slots__ = ("_bodies", "_fields", "_keys", "command", "format", "translator")

    def __init__(self, translator: Translator, command: "Publish") -> None:
        self.command = command
        self.format = command.format
        self.translator = translator
        self._bodies: list[bytes] | None = None
        self._fields: list[FieldSource] | None = None
        self._keys: list[bytes] | None = None

    def bodies(self) -> list[bytes]:
        """One per message: of a batch its messages. Raises InvalidArgument."""
        if self._bodies is None:
            self._bodies = self.command.bodies
            if self.command.packed:
                self.format, self._bodies = self.translator.open_batch(self.format, self._bodies[0])
        return self._bodies

    def fields(self) -> list[FieldSource]:
        """One per message. Raises InvalidArgument."""
        if self._fields is None:
            bodies = self.bodies()
            self._fields = [self.translator.fields(self.format, body, 0) for body in bodies]
        return self._fields

    def keys(self) -> list[bytes]:
        """What orders each message: its group, or else its key. As many as the command has offsets."""
        if self._keys is None:
            keys = [key_in(fields) for fields in self.fields()]
            missing = self.command.packed - len(keys)
            self._keys = keys + [b""] * missing if missing > 0 else keys
        return self._keys


def key_in(fields: FieldSource) -> bytes:
    """What orders a message: its group, or else its key."""
    key = fields.attribute("group")
    if key is None:
        key = fields.attribute("key")
    if isinstance(key, str):
        key = key.encode()
    return key[:KEY_BYTES_MAX] if isinstance(key, bytes) else b""


def matches(
    reading: Reading, stream: "Stream", place: Place, start: int, end: int
) -> dict[int, Runs] | None:
    """What each filtered subscription takes of bodies [start, end), which come to `place`."""
    found: dict[int, Runs] = {}
    matching = stream.matching
    assert matching is not None, "nobody filters"
    ruled = {known.id for known in stream.ruled}
    fields = reading.fields()
    if not reading.command.packed:
        fields = fields[start:end]
    needs_arrival = matching.needs_arrival
    for at, source in enumerate(fields, place.offset):
        seen = place.arrived(source, at - place.offset) if needs_arrival else source
        for taker in matching.takers(seen):
            if taker in ruled:
                continue
            runs = found.setdefault(taker, [])
            if runs and runs[-1][1] == at:
                runs[-1] = (runs[-1][0], at + 1)
            else:
                runs.append((at, at + 1))
    return found or None


def enlist(
    subscription: "Subscription",
    window: Window,
    order: Order,
    record: "Published",
    target: "Target",
    block: "Block",
) -> bool:
    """Messages of `block` (of `record`, at `target`) are READY as far as they match; False when none does."""
    window.advance(block.offset, block.end, DONE, 0)
    if subscription.filter is None and not subscription.settings.rules:
        runs = [(block.offset, block.end)]
    else:
        runs = (target.matches or {}).get(subscription.id, [])
    if not runs:
        return False
    order.append(window, block.offset, runs, record.priorities, record.keys)
    for start, end in runs:
        window.ready += end - start
        window.ready_bytes += block.bytes_of(start, end)
    return True


def backlog(
    translator: Translator,
    partition: "Partition",
    start: int,
    settings: SubscriptionSettings,
    reader: int,
) -> tuple[Entries, list["Block"]]:
    """What `reader` (a subscription's id) finds at or past `start`, as (start, end, priority, key), and the blocks
    missing for that. Copies that were made for it are its own; with rules it has nothing else.

    Raises NotSupported when that is too much to read at once.
    """
    if partition.open_since:
        raise NotSupported("a transaction is open in the stream: it has no order yet")
    takes_copies = bool(settings.rules) or bool(actions_of(settings))
    blocks = [
        block
        for block in partition.blocks[partition.find(start) :]
        if (block.taker == reader and takes_copies)
        or not (block.control or block.aborted or settings.rules)
    ]
    missing = [block for block in blocks if block.bodies is None]
    if sum(block.size for block in missing) > BACKLOG_BYTES_MAX:
        raise NotSupported("the stream holds too much to be put in order for a new reader")
    if missing:
        return [], missing
    return entries_of(translator, blocks, (start, partition.end), settings, partition.index), []


def entries_of(
    translator: Translator,
    blocks: list["Block"],
    span: tuple[int, int],
    settings: SubscriptionSettings,
    partition: int,
) -> Entries:
    """What an order is to know of the messages of `blocks` with offsets in `span`. Raises InvalidArgument."""
    filter_ = filter_of(settings)
    entries: Entries = []
    for block in blocks:
        judged = None if block.taker else filter_  # a copy was judged when it was made
        _index_block(translator, block, span, judged, settings, entries, partition)
    return entries


def _arrived(block: "Block", partition: int, at: int, source: FieldSource) -> FieldSource:
    offset = block.offset + at
    expires_ms = None if block.expires_ms is None else [block.expires_ms[at]]
    return Place(partition, offset, block.stored_at(offset), expires_ms).arrived(source, 0)


def _index_block(
    translator: Translator,
    block: "Block",
    span: tuple[int, int],
    filter_: CompiledFilter | None,
    settings: SubscriptionSettings,
    entries: Entries,
    partition: int,
) -> None:
    assert block.bodies is not None
    is_keyed = settings.order in KEYED
    sources: list[FieldSource] = []
    if filter_ is not None or (is_keyed and block.keys is None):
        format_, bodies = block.format, block.bodies
        if block.packed:
            format_, bodies = translator.open_batch(format_, bodies[0])
            bodies = block.spread(bodies)
        sources = [translator.fields(format_, body, 0) for body in bodies]
    if filter_ is not None and reads_arrival(filter_):
        sources = [_arrived(block, partition, at, known) for at, known in enumerate(sources)]
    offsets = [at for low, high in block.present(*span) for at in range(low, high)]
    for offset in offsets:
        at = offset - block.offset
        if filter_ is not None and not (at < len(sources) and filter_.matches(sources[at])):
            continue
        key = b""
        if is_keyed and block.keys is not None:
            key = block.keys[at]
        elif is_keyed and at < len(sources):
            key = key_in(sources[at])
        priority = 0 if block.priorities is None else block.priorities[at]
        if entries and entries[-1][1:] == (offset, priority, key):
            entries[-1] = (entries[-1][0], offset + 1, priority, key)
        else:
            entries.append((offset, offset + 1, priority, key))
