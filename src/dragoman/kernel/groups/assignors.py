"""Who reads what, decided here: two ways to share partitions among members, as functions of plain data.

range      each topic in runs, one per member in the order of ids: equal numbers of topics go together
uniform    as even as can be, and as little moved as can be
"""

from collections.abc import Callable, Mapping
from typing import Final

Place = tuple[int, int]  # stream id, partition
Shares = dict[str, set[Place]]
Assignor = Callable[
    [Mapping[str, frozenset[int]], Mapping[int, int], Mapping[str, set[Place]]], Shares
]

UNIFORM: Final = "uniform"
RANGE: Final = "range"


def assign_range(
    wants: Mapping[str, frozenset[int]],
    partitions: Mapping[int, int],
    before: Mapping[str, set[Place]],
) -> Shares:
    """`wants`: streams per member; `partitions`: how many each stream has. What was `before` does not count."""
    shares: Shares = {member: set() for member in wants}
    for stream, count in partitions.items():
        members = sorted(member for member, streams in wants.items() if stream in streams)
        for at, member in enumerate(members):
            low, high = count * at // len(members), count * (at + 1) // len(members)
            shares[member] |= {(stream, index) for index in range(low, high)}
    return shares


def assign_uniform(
    wants: Mapping[str, frozenset[int]],
    partitions: Mapping[int, int],
    before: Mapping[str, set[Place]],
) -> Shares:
    """As `assign_range`; members keep what they had `before` as far as that is even."""
    shares: Shares = {
        member: {
            place
            for place in before.get(member, ())
            if place[0] in streams and place[1] < partitions.get(place[0], 0)
        }
        for member, streams in wants.items()
    }
    taken = set().union(*shares.values()) if shares else set()
    readers = {
        stream: [member for member in sorted(wants) if stream in wants[member]]
        for stream in partitions
    }
    for stream, count in sorted(partitions.items()):
        for index in range(count):
            if (stream, index) not in taken and readers[stream]:
                least = min(readers[stream], key=lambda member: len(shares[member]))
                shares[least].add((stream, index))
    for _ in range(sum(partitions.values())):
        if not _move_one(shares, readers):
            break
    return shares


def _move_one(shares: Shares, readers: Mapping[int, list[str]]) -> bool:
    """Move a partition from who has most to who has less by two at least; whether there was one to move."""
    for member in sorted(shares, key=lambda member: (-len(shares[member]), member)):
        for stream in sorted({place[0] for place in shares[member]}):
            least = min(readers[stream], key=lambda other: len(shares[other]))
            if len(shares[least]) + 1 < len(shares[member]):
                place = max(place for place in shares[member] if place[0] == stream)
                shares[member].discard(place)
                shares[least].add(place)
                return True
    return False


ASSIGNORS: Final[Mapping[str, Assignor]] = {UNIFORM: assign_uniform, RANGE: assign_range}
