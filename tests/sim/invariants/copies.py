"""Copies that rules with actions make: each right behind its message, in the order of rules, for one reader alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.sim.model.log import bodies_of

from dragoman.kernel import records as r

if TYPE_CHECKING:
    from tests.sim.world import World

Appended = list[tuple[int, bytes]]
"""(reader that takes it, 0 everybody; body), in the order of offsets."""


def copies_follow_their_messages(world: "World", records: Sequence[r.Record]) -> None:
    """Of each stream whose readers' rules act, all that an atomic set appends."""
    found: dict[int, Appended] = {}
    for record in records:
        if isinstance(record, r.Published):
            for target in record.targets:
                takers = list(target.matches or ()) if record.control else [0]
                for body in bodies_of(record) if takers else ():
                    found.setdefault(target.stream, []).append((takers[0], body))
    for stream, appended in found.items():
        readers = [known for known in world.model.readers_of(stream) if known.has_rules]
        wanted: Appended = []
        for taker, body in appended:
            if taker == 0:
                wanted.append((0, body))
                copies = [(known.id, copy) for known in readers for copy in known.copies(body)]
                wanted += sorted(copies, key=lambda copy: copy[0])
                world.counts["a rule makes a copy"] += bool(copies)
                world.counts["a copy for another rule"] += len(copies) > 1
        assert appended == wanted, f"{appended} appended, not {wanted}"
