"""A connection and what its user knows; what users know beyond connections."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.sim.node import SimDoor

from dragoman.kernel.leases.lease import Delivery

if TYPE_CHECKING:
    from tests.sim.world import World


class Held(NamedTuple):
    """Messages [start, end) that somebody was handed and has not settled yet."""

    subscription: int
    partition: int
    holder: int
    start: int
    end: int


class Waiting(NamedTuple):
    """Something that may be told to a client once `position` has reached `level`."""

    what: str
    position: int
    level: int
    keys: list[Any]


class Client:
    """One connection and what its user knows."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.door = SimDoor()
        self.session = world.node.connect(self.door)
        self.session.act_as_broker()  # but where a family plays somebody else
        self.holders: list[int] = []
        self.pools: list[int] = []
        self.held: list[Held] = []
        # Handed out together, though they lie apart: (subscription, partition, holder, offsets).
        self.apart: list[tuple[int, int, int, list[int]]] = []
        self.waiting: list[Waiting] = []
        self.tickets: dict[int, Callable[[Any], None]] = {}  # promised answers

    def take(self, delivery: Delivery) -> None:
        """Messages that are to be settled."""
        holder, offsets = delivery.holder, delivery.offsets
        place = (holder.subscription.id, delivery.partition, holder.id)
        if offsets is None:
            self.held.append(Held(*place, delivery.start, delivery.end))
            return
        self.world.counts["handed out apart"] += 1
        if self.world.chance.random() < 0.7:
            self.apart.append((*place, offsets))
        else:
            self.held += [Held(*place, offset, offset + 1) for offset in offsets]

    def wait(self, what: str, position: int, level: int, keys: list[Any]) -> None:
        self.waiting.append(Waiting(what, position, level, keys))
        self.session.want(position, level)


class Lock:
    """A session that somebody has accepted. `until_ms` is elapsed time, 0 as long as the connection."""

    def __init__(
        self, client: Client, partition: int, holder: int, duration_ms: int, until_ms: int
    ) -> None:
        self.client = client
        self.partition = partition
        self.holder = holder
        self.duration_ms = duration_ms
        self.until_ms = until_ms
