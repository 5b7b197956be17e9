"""A share group (KIP-932): its members, and which partitions each looks into for messages. Decides nothing.

    Shared 1 -- n SharedMember       lives as long as this process: members who speak to the next one join again
           1 -- n Subscription       by stream, durable: where the group stands

Unlike a cursor's, a partition may have several readers: the leases of its subscription keep messages apart.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.groups.assignors import Place, Shares, assign_uniform

SIMPLE: Final = "simple"  # the one way to share, by the name that clients are shown


class SharedMember:
    """One member; `expires_ms` is when its silence ends it, elapsed."""

    __slots__ = (
        "client_host",
        "client_id",
        "epoch",
        "epoch_before",
        "expires_ms",
        "id",
        "rack_id",
        "topics",
    )

    def __init__(self, id: str) -> None:
        self.id = id
        self.client_id = ""
        self.client_host = ""
        self.rack_id: str | None = None
        self.topics: tuple[str, ...] = ()
        self.epoch = 0
        self.epoch_before = 0
        self.expires_ms = 0


class Shared:
    """One group's members and what each is to read; `epoch` grows with every change of that."""

    __slots__ = ("epoch", "first", "members", "streams", "subscriptions", "target", "wants")

    def __init__(self) -> None:
        self.epoch = 0
        self.members: dict[str, SharedMember] = {}
        self.subscriptions: dict[int, int] = {}  # its leased ones: stream id -> subscription id
        self.target: Shares = {}  # by member id
        # What the target was made of: streams per member, partitions per stream, each partition's first reader.
        self.wants: dict[str, frozenset[int]] = {}
        self.streams: dict[int, int] = {}
        self.first: Shares = {}

    def next_ms(self) -> int:
        """Elapsed time at which somebody may have to go; 0 never."""
        return min((member.expires_ms for member in self.members.values()), default=0)


def share_out(
    wants: Mapping[str, frozenset[int]], partitions: Mapping[int, int], before: Shares
) -> tuple[Shares, Shares]:
    """(each partition's first reader, who reads what): every partition has a reader and every member a partition.

    First readers are shared out evenly, moved as little as can be from `before`; who is left without is a further
    reader where there are fewest.
    """
    first = assign_uniform(wants, partitions, before)
    target: Shares = {member: set(places) for member, places in first.items()}
    readers: dict[Place, int] = {place: 1 for places in first.values() for place in places}
    for member in sorted(wants):
        within = [
            (stream, index) for stream in wants[member] for index in range(partitions[stream])
        ]
        if within and not target[member]:
            place = min(within, key=lambda place: (readers.get(place, 0), place))
            readers[place] = readers.get(place, 0) + 1
            target[member].add(place)
    return first, target
