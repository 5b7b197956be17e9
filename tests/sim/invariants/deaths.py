"""Why messages may be given up, and what their dead letters must be."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.sim.invariants.plans import Plan, plan_deaths
from tests.sim.model import Message, Reader
from tests.sim.translator import with_colour

from dragoman.kernel import records as r
from dragoman.kernel.leases import states as s

if TYPE_CHECKING:
    from tests.sim.world import World


def deaths(world: "World", records: Sequence[r.Record]) -> list[Plan] | None:
    """What the drops of an atomic set may have published: one plan per reason that is true."""
    plans: list[Plan] = []
    for record in records:
        reader = (
            world.model.readers.get(record.subscription) if isinstance(record, r.Settled) else None
        )
        if reader is None or record.event != s.DROP:  # type: ignore[attr-defined]
            continue
        assert isinstance(record, r.Settled)
        dying = [m for run in record.runs for m in reader.between(record.partition, *run)]
        reasons = reasons_of(world, reader, record, dying)
        assert reasons, f"{dying[:3]} dropped from {reader.name} without a reason at {world.now_ms}"
        for reason in reasons:
            plan = Plan()
            if reason != "purged":
                bodies = [as_left(world, record, m) for m in dying]
                plan_deaths(world, reader, bodies, reason, plan)
            plans.append(plan)
    return plans or None


def as_left(world: "World", record: r.Settled, message: Message) -> bytes:
    """With what its last reader set on it."""
    if not world.colour or record.source != s.LEASED:
        return message.body
    return with_colour(message.body, world.colour)


def a_revision_is_as_told(world: "World", record: r.Revised) -> None:
    """A message that its reader is about to give back or defer, with what that says."""
    reader = world.model.readers[record.subscription]
    (message,) = reader.between(record.partition, record.message.offset, record.message.end)
    assert message.state == s.LEASED, message
    assert world.colour
    left = with_colour(message.body, world.colour)
    assert record.message.bodies == [left], (record, message)


def reasons_of(
    world: "World", reader: Reader, record: r.Settled, dying: list[Message]
) -> list[str]:
    """Why these may go now."""
    reasons = ["purged"] if world.cause == "purged" else []
    if record.source == s.LEASED:
        if world.cause == "rejected":
            reasons.append("rejected")
        if spent(world, reader, dying):
            reasons.append("delivery_limit")
        return reasons
    if all(0 < message.expires_ms <= world.now_ms for message in dying):
        reasons.append("expired")
    if record.source in {s.READY, s.RETURNED} and _too_many(reader, dying):
        reasons.append("maxlen")
    return reasons


def spent(world: "World", reader: Reader, messages: list[Message]) -> bool:
    """Whether one more lease that ends uses up the attempts of each."""
    if world.cause not in {"delivery_limit", ""}:
        return False
    failed = world.failing or world.cause == ""  # nobody said so: its deadline has passed
    return all(is_spent(reader, message, failed=failed) for message in messages)


def is_spent(reader: Reader, message: Message, *, failed: bool) -> bool:
    settings = reader.settings
    by_failure = settings.attempts_counted == "failed"
    count = message.fails + failed if by_failure else message.tries + 1
    return 0 < settings.attempts_max <= count


def _too_many(reader: Reader, dying: list[Message]) -> bool:
    settings = reader.settings
    if settings.overflow != "drop-head":
        return False
    if 0 <= settings.length_max <= len(reader.ready()) - len(dying):
        return True
    counts = (
        settings.owns_stream
    )  # of what was there before it, a reader with a limit knows shares only
    over = not counts or settings.bytes_max < reader.ready_bytes()
    return settings.bytes_max >= 0 and over and len(dying) == 1
