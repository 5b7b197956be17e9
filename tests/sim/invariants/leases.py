"""Section 5: who is handed what, and how that ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.sim.invariants.deaths import spent
from tests.sim.invariants.selecting import (
    selected_in_order,
    what_is_passed_over_is_not_wanted,
)
from tests.sim.model import READY_STATES, Message, Reader
from tests.sim.model.core import named

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s

if TYPE_CHECKING:
    from tests.sim.world import World


# --- what is next ---


def what_is_next_is_leased(world: "World", record: r.Leased) -> None:
    """In the reader's order, none that has expired, one holder each; deferred ones by offset only."""
    reader = world.model.readers[record.subscription]
    taken = named(reader, record)
    wanted = record.offsets or list(range(record.start, record.end))
    assert [m.offset for m in taken] == wanted, (taken[:3], record)
    assert (record.start, record.end) == (wanted[0], wanted[-1] + 1), record
    assert record.offsets is None or len({m.lane for m in taken}) == 1, record
    if _by_offset(world):
        assert all(m.state == s.DEFERRED for m in taken), taken
        assert not any(0 < m.expires_ms <= world.now_ms for m in taken), (taken, world.now_ms)
    else:
        assert not reader.settings.paused, reader.name
        _in_order(world, reader, record.partition, taken, record.holder)
        assert not any(0 < m.expires_ms < world.now_ms for m in taken), (taken, world.now_ms)
    _check_credit(world, record.subscription, record.holder, len(taken))
    a_holder_is_new_in_this_life(world, record.holder)
    assert bool(record.duration_ms) == bool(record.until_ms)
    world.expect(reader, record.partition, taken, record.holder)


def _by_offset(world: "World") -> bool:
    """Somebody takes deferred messages; whatever else is handed out before is handed out as always."""
    return world.cause == "deferred" and not world.node.kernel.is_dispatching


def _in_order(
    world: "World", reader: Reader, partition: int, taken: list[Message], holder: int
) -> None:
    part = reader.parts[partition]
    if reader.is_keyed:
        others = [message for message in part if message not in taken]
        for message in taken:
            _key_is_free(world, reader, others, message, holder)
        return
    ready = [message for message in part if message.state in READY_STATES]
    if holder in world.wanted:
        selected_in_order(world, ready, taken, holder)
        return
    if reader.settings.order == "fair":
        _fairly(ready, taken)
        return
    ready.sort(key=lambda message: (-message.lane, message.offset))
    assert ready[: len(taken)] == taken, f"{taken[:3]} is not next of {ready[:3]} in {reader.name}"


def _fairly(ready: list[Message], taken: list[Message]) -> None:
    """One message of a key at a time while several keys wait; in order within each."""
    assert len(taken) == 1 or len({message.key for message in ready}) == 1, (taken, ready[:4])
    first = next(message for message in ready if message.key == taken[0].key)
    assert first is taken[0], f"{taken[0]} before {first}"


def _key_is_free(
    world: "World", reader: Reader, others: list[Message], message: Message, holder: int
) -> None:
    """Messages of one key are handed out in order, to one holder at a time, none while one waits for a retry."""
    assert message.state in READY_STATES, message
    if reader.settings.order == "session":
        lock = world.locks.get((reader.id, message.key))
        assert lock is not None, f"{message}: nobody has the session"
        assert holder in {-1, lock.holder}, f"{message}: the session is not {holder}'s"
    if not message.key and reader.settings.order == "key":
        return
    for other in [known for known in others if known.key == message.key]:
        assert other.state != s.WAITING, f"{message} while {other} waits"
        assert other.state != s.LEASED or other.holder == holder, (message, other)
        assert other.offset > message.offset or other.state not in READY_STATES, (message, other)


def _check_credit(world: "World", subscription: int, number: int, count: int) -> None:
    """Who asks gets what he asks for; who waits gets what he has credit for."""
    holder = world.node.kernel.state.holders[number]
    assert holder.subscription.id == subscription
    if not world.node.kernel.is_dispatching:
        return
    if holder.active and holder.credit_max:
        held = world.model.readers[subscription].held_by(number)
        assert len(held) + count <= holder.credit_max, (len(held), count, holder.credit_max)
    if holder.active and holder.pool is not None and holder.pool.credit_max:
        held_in_pool = count + sum(
            len(world.model.readers[known.subscription.id].held_by(known.id))
            for known in world.node.kernel.state.holders.values()
            if known.pool is holder.pool
        )
        assert held_in_pool <= holder.pool.credit_max


def a_holder_is_new_in_this_life(world: "World", holder: int) -> None:
    """A receipt from an earlier life names its holder: nobody else may ever be that."""
    life = world.holder_lives.setdefault(holder, world.incarnation)
    assert life == world.incarnation, f"holder {holder} was somebody in life {life}"


# --- how it ends ---

ENDS_WITHOUT_A_WORD = (s.RELEASE, s.DELAY, s.PUT_BACK)


def a_settlement_is_of_what_is_held(world: "World", record: r.Settled) -> None:
    reader = world.model.readers[record.subscription]
    assert (record.source, record.event) in s.TRANSITIONS
    for start, end in record.runs:
        messages = reader.between(record.partition, start, end)
        assert len(messages) == end - start, f"{record} names messages that are gone"
        _is_settled_rightly(world, reader, record, messages)
    if record.event == s.PASS:
        passed = [m for run in record.runs for m in reader.between(record.partition, *run)]
        what_is_passed_over_is_not_wanted(world, reader, record.partition, passed)
    if record.offsets:
        assert record.event in {s.TAKE, s.ACK}, record
        messages = [
            m for at in record.offsets for m in reader.between(record.partition, at, at + 1)
        ]
        assert [m.offset for m in messages] == record.offsets, f"{record} names what is gone"
        _is_settled_rightly(world, reader, record, messages)
    if record.source == s.LEASED:
        _may_end(world, reader, record, named(reader, record))


def _is_settled_rightly(
    world: "World", reader: Reader, record: r.Settled, messages: list[Message]
) -> None:
    for message in messages:
        _is_in_source(world, record, message)
    if record.event == s.TAKE and record.source != s.DEFERRED:
        _in_order(world, reader, record.partition, messages, -1)
    if record.event == s.TAKE and not world.is_carrying:
        assert _by_offset(world) or not reader.settings.paused, reader.name
        assert record.source != s.DEFERRED or _by_offset(world), record
        world.expect(reader, record.partition, messages, -1)


def _is_in_source(world: "World", record: r.Settled, message: Message) -> None:
    assert record.source == message.state, (message, record)
    if record.source == s.LEASED:
        assert message.holder == record.holder, (message.holder, record)
    if record.event == s.TIME:
        assert message.due_ms <= world.node.kernel.elapsed_ms


def _may_end(world: "World", reader: Reader, record: r.Settled, messages: list[Message]) -> None:
    """Somebody asked for it, or its time is over; what has attempts left is not given up, nor the other way round."""
    if world.cause == "":
        assert record.event in {*ENDS_WITHOUT_A_WORD, s.DROP}, record
        assert is_overdue(world, reader, record, messages), f"nobody asked for {record}"
    if record.event in ENDS_WITHOUT_A_WORD:
        assert all(m.aside == (record.event == s.PUT_BACK) for m in messages), (record, messages)
        world.counts["deferred again"] += record.event == s.PUT_BACK
    if record.event in ENDS_WITHOUT_A_WORD and world.cause in {"", "delivery_limit"}:
        followers = reader.settings.revoke_followers and not record.failed
        assert followers or not any(spent(world, reader, [m]) for m in messages), record


def followers_come_back(world: "World", records: Sequence[r.Record]) -> None:
    """Where a message that is returned takes those after it in its key along, whoever has them."""
    settled = {
        (record.subscription, record.partition, offset): record.event
        for record in records
        if isinstance(record, r.Settled)
        for start, end in record.runs
        for offset in range(start, end)
    }
    for (number, partition, offset), event in settled.items():
        if event not in {s.RELEASE, s.DELAY}:
            continue
        reader = world.model.readers[number]
        if not reader.settings.revoke_followers or world.cause in {"closed", "asked"}:
            continue
        part = reader.parts[partition]
        key = next(message.key for message in part if message.offset == offset)
        for message in part:
            if key and message.key == key and message.offset > offset and message.state == s.LEASED:
                assert (number, partition, message.offset) in settled, f"{message} stays leased"


def is_overdue(world: "World", reader: Reader, record: r.Settled, messages: list[Message]) -> bool:
    """Each lease has ended by its deadline, or its session's lock has; or one before it in its key was returned."""
    now_ms = world.node.kernel.elapsed_ms
    if all(0 < m.until_ms <= now_ms for m in messages):
        return True
    locks = [lock for lock in world.locks.values() if lock.holder == record.holder]
    if any(0 < lock.until_ms <= now_ms for lock in locks):
        return True
    return reader.settings.revoke_followers and all(
        _follows_a_returned(reader.parts[record.partition], m) for m in messages
    )


def _follows_a_returned(part: list[Message], message: Message) -> bool:
    return any(
        other.key == message.key
        and other.offset < message.offset
        and other.state in {s.RETURNED, s.WAITING}
        for other in part
    )
