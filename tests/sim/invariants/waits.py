"""Section 3: what waits for what; and what a delivery must be when it leaves."""

from typing import TYPE_CHECKING, Any, Final

from tests.sim.model import Message, Reader
from tests.sim.translator import placed

from dragoman.kernel.leases.lease import Delivery
from dragoman.model.levels import APPLIED, SYNCED

if TYPE_CHECKING:
    from tests.sim.world import World

NOWHERE: Final = 1 << 60  # past every position

WAITS: Final = {
    "confirm": "its Published record, at the level it asked for",
    "read": "the committed offset: Published, at the stream's level",
    "settlement": "its Settled record, synced",
    "delivery": "Published, at the stream's level",
    "early delivery": "nothing",
    "strict delivery": "message and Leased, synced: by key, of sessions, exactly once, single, or never acknowledged",
    "cancellation": "its ScheduleSettled record, synced",
    "identity": "its ProducerInitialised or ProducersReserved record, synced",
    "end": "its TransactionEnded record, synced",
    "commit": "its CursorsCommitted record, synced",
    "reply": "the position applied when it was computed, at the level of what it reveals",
}


def leaves(world: "World", what: str, position: int, level: int) -> None:
    """Something that depends on (position, level) leaves the process."""
    assert what in WAITS
    if what == "early delivery" or level == APPLIED:
        return
    reached = world.truth.reached(level)
    assert position <= reached, f"{what} left at {position}, level {level} had reached {reached}"
    world.promised[level] = max(world.promised[level], position)


def position_of(world: "World", stream: int, partition: int, offset: int) -> int:
    """The frame that holds the message; past every position while none does."""
    if offset < world.recovered_ends.get((stream, partition), 0):
        return 0
    return world.positions.get((stream, partition, offset), NOWHERE)


def is_early(reader: Reader) -> bool:
    """Whether its deliveries wait for nothing: not where order or exactly-once is promised."""
    return reader.settings.early and not (reader.is_keyed or reader.settings.exactly_once)


def is_strict(reader: Reader, *, no_ack: bool) -> bool:
    """Whether a delivery must not be forgotten once it has left."""
    settings = reader.settings
    promised = reader.is_keyed or settings.exactly_once
    return promised or (not settings.early and (no_ack or settings.single_active))


def a_delivery_is_what_was_leased(world: "World", delivery: Delivery, expected: Any) -> None:
    """Bytes equal, the redelivered flag is truthful, and nothing that was durably settled comes again."""
    reader, partition, messages, then, lease = expected
    stream = world.model.streams.get(reader.stream)
    level = stream.settings.level if stream is not None and stream.settings.durable else APPLIED
    first = messages[0].offset
    offsets = delivery.offsets or list(range(delivery.start, delivery.end))
    assert (delivery.partition, offsets) == (partition, [message.offset for message in messages])
    assert (delivery.start, delivery.end) == (first, offsets[-1] + 1)
    assert delivered_bodies(delivery) == [body for body, _ in then]
    tries = [count for _, count in then]
    assert (delivery.tries or [0] * len(messages)) == tries, (delivery.tries, tries)
    for message in messages:
        assert (reader.id, partition, message.offset) not in world.done_for_good, message
        _leaves(world, reader, message, partition, level)
    lasts = reader.settings.durable and not reader.owner
    if level > APPLIED and lasts and is_strict(reader, no_ack=delivery.holder.no_ack):
        leaves(world, "strict delivery", world.leased_at.get(lease, NOWHERE), SYNCED)


def _leaves(world: "World", reader: Reader, message: Message, partition: int, level: int) -> None:
    position = position_of(world, reader.stream, partition, message.offset)
    leaves(world, "early delivery" if is_early(reader) else "delivery", position, level)


def delivered_bodies(delivery: Delivery) -> list[bytes]:
    """One per message."""
    if not delivery.block.packed:
        return delivery.bodies
    at = delivery.start - delivery.block.offset
    bodies = [message for _, message in placed(delivery.bodies[0])]
    return delivery.block.spread(bodies)[at : at + delivery.end - delivery.start]
