"""When everything has finished, nobody waits in vain."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from tests.sim.invariants.delays import nothing_due_is_delayed
from tests.sim.invariants.schedules import nothing_due_is_left
from tests.sim.invariants.selecting import has_room, wanted_of
from tests.sim.invariants.transactions import nothing_is_open_too_long
from tests.sim.model import READY_STATES, Message, Reader

from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases import states as s

if TYPE_CHECKING:
    from tests.sim.world import World


def nobody_waits_in_vain(world: "World") -> None:
    for check in CHECKS:
        check(world)


def readers_are_served(world: "World") -> None:
    """No reader with room while it has messages; no limit exceeded; no expired head; no lease past its deadline."""
    elapsed_ms = world.node.kernel.elapsed_ms
    for subscription in world.node.kernel.state.subscriptions.values():
        reader = world.model.readers[subscription.id]
        _is_served(world, reader, subscription)
        _is_within_limits(reader, subscription)
        for part in reader.parts:
            heads = {m.lane: m for m in reversed(part) if m.state in READY_STATES}
            late = [m for m in heads.values() if 0 < m.expires_ms < world.now_ms]
            assert not late, f"{reader.name}: expired {late} at {world.now_ms}"
        locks = [lock for lock in world.locks.values() if 0 < lock.until_ms <= elapsed_ms]
        assert not locks, f"{reader.name}: sessions past their deadline"
        late = [m for m in reader.messages() if 0 < m.until_ms <= elapsed_ms]
        assert not late, f"{reader.name}: past their deadline {late}"
        late = [m for m in reader.messages() if m.state == s.WAITING and m.due_ms <= elapsed_ms]
        assert not late, f"{reader.name}: have waited long enough {late}"


def _is_served(world: "World", reader: Reader, subscription: Subscription) -> None:
    room = [holder for holder in subscription.holders.values() if has_room(holder)]
    if subscription.settings.single_active:
        first = subscription.consumers.first()
        is_one = first is not None and not is_held_elsewhere(reader, subscription, first.session)
        room = [first] if first is not None and is_one else []
    if subscription.settings.paused or _is_full(reader):
        room = []
    for holder in room:
        key = None if holder.accepted is None else holder.accepted.key
        ready = wanted_of(world, holder.id, ready_for(reader, holder.id, key))
        assert not ready, f"{subscription.name}: {ready[:3]} ready, {holder.id} has room"


def is_held_elsewhere(reader: Reader, subscription: Subscription, session: int) -> bool:
    """Whether messages are held for a time by somebody who is not of this session, or of none any more."""
    held = [m.holder for m in reader.messages() if m.state == s.LEASED and m.duration_ms]
    holders = [subscription.holders.get(one) for one in held]
    return any(holder is None or holder.session != session for holder in holders)


def _is_full(reader: Reader) -> bool:
    """As many are held as may be."""
    held = sum(message.state == s.LEASED for message in reader.messages())
    return 0 < reader.settings.leased_max <= held


def ready_for(reader: Reader, holder: int, session: bytes | None) -> list[Message]:
    """What `holder` could be handed now."""
    ready = reader.ready()
    if not reader.is_keyed:
        return ready
    found: list[Message] = []
    for part in reader.parts:
        for message in part:
            if message.state not in READY_STATES or (
                session is not None and message.key != session
            ):
                continue
            rivals = [m for m in part if m.key == message.key and m is not message]
            held = [m for m in rivals if m.state == s.LEASED and m.holder != holder]
            waits = any(m.state == s.WAITING for m in rivals)
            is_free = not message.key and session is None
            if is_free or not (held or waits):
                found.append(message)
    return found


def _is_within_limits(reader: Reader, subscription: Subscription) -> None:
    settings = subscription.settings
    if settings.overflow != "drop-head":
        return
    if settings.length_max >= 0:
        assert len(reader.ready()) <= settings.length_max, (subscription.name, len(reader.ready()))
    if settings.bytes_max >= 0:
        assert subscription.ready_bytes() <= settings.bytes_max


CHECKS: Final[list[Callable[["World"], None]]] = [
    readers_are_served,
    nothing_due_is_left,
    nothing_is_open_too_long,
    nothing_due_is_delayed,
]
