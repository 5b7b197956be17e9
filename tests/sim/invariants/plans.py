"""Section 4: what must be appended where, by whoever publishes: a client, a death, a due schedule, a pump."""

from typing import TYPE_CHECKING

from tests.sim.model import Model, Reader
from tests.sim.model.readers import DELAYED
from tests.sim.translator import colour_of, died, goes_in_a_circle

from dragoman.kernel.settings import Address

if TYPE_CHECKING:
    from tests.sim.world import World


class Plan(dict[int, list[bytes]]):
    """Bodies per stream, in order; and the dedup ids among them."""

    def __init__(self) -> None:
        self.ids: set[tuple[int, str]] = set()


def plan_publish(
    world: "World",
    address: Address,
    bodies: list[bytes],
    plan: Plan,
    *,
    packed: bool = False,
    ids: list[str] | None = None,
) -> int:
    """Add to `plan` what publishing `bodies` must append where; returns the first refused index or -1."""
    model = world.model
    refused: list[tuple[Reader, bytes]] = []
    first = -1
    if ids is not None:
        first = _plan_unique(world, address, bodies, plan, ids, refused)
    for index, body in enumerate(bodies):
        for stream in model.targets(address, body) or []:
            if ids is not None and model.streams[stream].settings.dedup_window_ms:
                continue
            reader = None if packed else _refusing(model, stream)
            if reader is not None and (
                any(known is reader for known, _ in refused)
                or not _has_room(reader, plan.get(stream, []), [body])
            ):
                refused.append((reader, body))
                first = index if first < 0 else first
            else:
                plan.setdefault(stream, []).append(body)
    for reader, body in refused:
        if reader.settings.overflow == "reject-publish-dead-letter":
            plan_deaths(world, reader, [body], "maxlen", plan)
    return first


def _plan_unique(
    world: "World",
    address: Address,
    bodies: list[bytes],
    plan: Plan,
    ids: list[str],
    refused: list[tuple[Reader, bytes]],
) -> int:
    """Streams with a dedup window take what they do not know; one that has no room for all takes nothing."""
    first = -1
    for stream in world.model.targets(address, bodies[0]) or []:
        if not world.model.streams[stream].settings.dedup_window_ms:
            continue
        reader = _refusing(world.model, stream)
        if reader is not None and not _has_room(reader, plan.get(stream, []), bodies):
            refused += [(reader, body) for body in bodies]
            first = 0
            continue
        for body, identity in zip(bodies, ids, strict=True):
            is_known = (stream, identity) in plan.ids or known_at(world, stream, identity) >= 0
            if identity and is_known:
                continue
            plan.ids.add((stream, identity))
            plan.setdefault(stream, []).append(body)
    return first


def is_sure(world: "World", stream: int, identity: str) -> bool:
    """Whether it must be known, or must not: what a window has passed, and then came back as the clock did, is
    forgotten or not.
    """
    now = known_at(world, stream, identity) >= 0
    return now == (known_at(world, stream, identity, world.latest_ms) >= 0)


def known_at(world: "World", stream: int, identity: str, now_ms: int = 0) -> int:
    """Where the message of that id is, if the stream's window has it; -1 it has not."""
    known = world.model.streams[stream]
    first_ms = (now_ms or world.now_ms) - known.settings.dedup_window_ms
    stored = known.ids.get(identity, []) if identity else []
    return next((offset for stored_ms, offset in stored if stored_ms > first_ms), -1)


def _refusing(model: Model, stream: int) -> Reader | None:
    for reader in model.readers_of(stream):
        limited = reader.settings.length_max >= 0 or reader.settings.bytes_max >= 0
        is_queue = reader.name == model.streams[stream].name
        if is_queue and limited and reader.settings.overflow != "drop-head":
            return reader
    return None


def _has_room(reader: Reader, pending: list[bytes], bodies: list[bytes]) -> bool:
    settings = reader.settings
    delayed = sum(message.state == DELAYED for message in reader.messages())
    count = len(reader.ready()) + delayed + len(pending) + len(bodies)
    if 0 <= settings.length_max < count:
        return False
    size = reader.ready_bytes() + sum(map(len, pending)) + sum(map(len, bodies))
    return settings.bytes_max < 0 or size <= settings.bytes_max


def plan_deaths(
    world: "World", reader: Reader, bodies: list[bytes], reason: str, plan: Plan
) -> None:
    """Add to `plan` where messages that died in `reader` for `reason` must go."""
    address = reader.settings.dead_letter
    for body in bodies if address is not None else []:
        assert address is not None
        if reason == "rejected" or not goes_in_a_circle(body, reader.name):
            key = address.key or colour_of(body)
            onward = Address(address.name or key, key, address.is_route)
            plan_publish(world, onward, [died(body, reason, reader.name)], plan)
