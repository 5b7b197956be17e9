"""The node's memory is the model's: counts after every event, every message's state and bytes now and then."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tests.sim.invariants.delays import delays_equal, documents_equal
from tests.sim.invariants.pumps import pumps_equal
from tests.sim.invariants.transactions import transactions_equal
from tests.sim.model import Message
from tests.sim.model.readers import DELAYED
from tests.sim.translator import bodies_in

from dragoman.kernel import records as r
from dragoman.kernel.empties import are_empty
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases import states as s
from dragoman.kernel.leases.keys import Keys
from dragoman.kernel.leases.revisions import block_of
from dragoman.kernel.leases.window import Window

if TYPE_CHECKING:
    from tests.sim.world import World


def equal(world: "World", *, wholly: bool = False) -> None:
    """Counts always; `wholly` every message's state, tries and bytes, and what `WHOLLY` lists."""
    state, model = world.node.kernel.state, world.model
    assert set(state.streams) == set(model.streams)
    assert set(state.subscriptions) == set(model.readers)
    for stream in state.streams.values():
        assert [p.end for p in stream.partitions] == model.streams[stream.id].ends, stream.name
    for subscription in state.subscriptions.values():
        counts_equal(world, subscription)
        if wholly:
            messages_equal(world, subscription)
    held_is_counted(world)
    assert are_empty(), "something was put into what all share"
    for check in WHOLLY if wholly else ():
        check(world)


def counts_equal(world: "World", subscription: Subscription) -> None:
    reader = world.model.readers[subscription.id]
    assert subscription.settings == reader.settings
    for window, part in zip(subscription.windows, reader.parts, strict=True):
        counts = [0] * (DELAYED + 1)
        for message in part:
            counts[message.state] += 1
        counts[s.PENDING] -= len(_ahead(window, part))
        ready = counts[s.READY] + counts[s.RETURNED]
        assert window.ready == ready, (subscription.name, window.ready, ready, part[:3])
        got = [window.counts[code] for code in range(1, s.READY)]
        assert got == counts[1 : s.READY], (subscription.name, got, counts)
    if subscription.settings.bytes_max >= 0:
        if subscription.settings.owns_stream:
            assert subscription.ready_bytes() == reader.ready_bytes(), subscription.name
        else:  # of what was there before it, a reader with a limit knows shares only
            assert subscription.ready_bytes() == 0 or reader.ready()


def messages_equal(world: "World", subscription: Subscription) -> None:
    reader = world.model.readers[subscription.id]
    loader = world.node.checkpointer.loader
    for window, part, partition in zip(
        subscription.windows, reader.parts, subscription.stream.partitions, strict=True
    ):
        assert partition.start <= min((m.offset for m in part), default=partition.end)
        ahead = _ahead(window, part)
        for message in part:
            offset = message.offset
            is_ahead = message in ahead or message.state == DELAYED
            state = s.READY if is_ahead else message.state  # as far as a window knows
            assert window.state(offset) == state, (message, window.state(offset))
            assert window.tried(offset) == message.tries
            assert window.failed(offset) == message.fails
            if message.state == s.LEASED:
                aside = window.split_aside([(offset, offset + 1)])[1]
                assert bool(aside) == message.aside, message
            block = block_of(window.revisions, partition, offset)
            assert block is not None and block.offset <= offset, f"{message} is nowhere"
            if not message.revised:
                loader.load([block])
            body = bodies_in(block)[offset - block.offset]
            assert body == message.body, (body, message)
        known = set() if window.revisions is None else set(window.revisions.blocks)
        assert known == {message.offset for message in part if message.revised}


def _ahead(window: Window, part: list[Message]) -> list[Message]:
    """What is pending where no window has come to yet."""
    return [m for m in part if m.state == s.PENDING and m.offset >= window.frontier]


def held_is_counted(world: "World") -> None:
    """Holders and pools count what the model says they hold."""
    state = world.node.kernel.state
    held: dict[int, int] = {}
    lasting: set[int] = set()  # held by nobody here: their deadline outlived a restart
    for reader in world.model.readers.values():
        for message in reader.messages():
            if message.state == s.LEASED:
                held[message.holder] = held.get(message.holder, 0) + 1
                lasting |= {message.holder} if message.duration_ms else set()
    for holder in state.holders.values():
        assert holder.leased == held.pop(holder.id, 0), holder.id
    assert held.keys() <= lasting, f"held by nobody: {held}"
    for pool in state.pools.values():
        mine = [holder.leased for holder in state.holders.values() if holder.pool is pool]
        assert pool.leased == sum(mine), (pool.leased, mine)


def routes_equal(world: "World") -> None:
    routing, model = world.node.kernel.state.routing, world.model
    routes = {route.id: route for route in routing.routes("default")}
    assert set(routes) == set(model.routes)

    def told(records: Sequence[r.Bound]) -> list[tuple[Any, ...]]:
        return sorted(
            (b.route, b.target, b.to_route, b.binding.key, str(b.binding.arguments))
            for b in records
        )

    assert told([b for route in routes.values() for b in route.bound]) == told(model.bindings)


def resident_is_counted(world: "World") -> None:
    """Bytes of blocks that are nowhere on disk: what holds publishers back."""
    state = world.node.kernel.state
    here = [
        block
        for stream in state.streams.values()
        for partition in stream.partitions
        for block in partition.blocks[partition.first :]
        if block.place is None
    ]
    shares = Counter(block.share for block in here if block.share is not None)
    assert all(share.count == count for share, count in shares.items())
    total = sum(block.cost() for block in here) + sum(share.size for share in shares)
    assert state.resident == total, (state.resident, total)


def usage_is_counted(world: "World") -> None:
    """What quotas are compared with."""
    state = world.node.kernel.state
    stored = [
        partition.size for stream in state.streams.values() for partition in stream.partitions
    ]
    assert state.usage.stored_bytes == sum(stored), (state.usage.stored_bytes, sum(stored))
    names = [stream.namespace for stream in world.model.streams.values()]
    assert state.usage.streams == {name: names.count(name) for name in names}
    names = [
        world.model.streams[reader.stream].namespace for reader in world.model.readers.values()
    ]
    assert state.usage.queues == {name: names.count(name) for name in names}


def sessions_are_kept(world: "World") -> None:
    """Who has which session, and the bytes kept with each."""
    for subscription in world.node.kernel.state.subscriptions.values():
        reader = world.model.readers[subscription.id]
        locks: dict[bytes, int] = {}
        states: dict[bytes, bytes] = {}
        for window in subscription.windows:
            for key in window.order.by_key.values() if isinstance(window.order, Keys) else ():
                locks |= {key.key: key.receiver} if key.receiver else {}
                states |= {key.key: key.state} if key.state else {}
        known = {key: lock.holder for (at, key), lock in world.locks.items() if at == reader.id}
        assert locks == known, (subscription.name, locks, known)
        assert states == reader.states, (subscription.name, states, reader.states)


def snapshots_are_kept(world: "World") -> None:
    """They are there, and what they stand for is there."""
    state = world.node.kernel.state
    assert set(state.snapshots.by_id) == set(world.model.snapshots)
    for number, known in world.model.snapshots.items():
        lows = [open_[0][0] if open_ else frontier for frontier, open_ in known.windows]
        assert state.streams[known.stream].holds.get(number) == lows, known


def entries_equal(world: "World") -> None:
    """Of streams that keep what they hold whoever reads it, all that cursors would find."""
    for stream in world.node.kernel.state.streams.values():
        known = world.model.streams[stream.id]
        if not known.keeps():
            continue
        for partition, entries in zip(stream.partitions, known.entries, strict=True):
            blocks = partition.blocks[partition.first :]
            there = {
                at
                for block in blocks
                for low, high in block.present(partition.start, block.end)
                for at in range(low, high)
            }
            wanted = {entry.offset for entry in entries}
            assert there == wanted, (known.name, there ^ wanted)


def cursors_equal(world: "World") -> None:
    """Of streams that are there."""
    groups = {group.key[1]: group for group in world.node.kernel.state.groups.by_key.values()}
    for name, cursors in world.model.groups.cursors.items():
        known = groups[name].cursors if name in groups else {}
        found = {
            place: (cursor.offset, cursor.epoch, cursor.metadata)
            for place, cursor in known.items()
            if place[0] in world.model.streams
        }
        assert found == cursors, (name, found, cursors)


WHOLLY: Final[list[Callable[["World"], None]]] = [
    routes_equal,
    resident_is_counted,
    usage_is_counted,
    sessions_are_kept,
    snapshots_are_kept,
    transactions_equal,
    cursors_equal,
    pumps_equal,
    delays_equal,
    documents_equal,
    entries_equal,
]
