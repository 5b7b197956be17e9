r"""Whose turn it is among the consumers of a subscription. Hot; everything here costs the same however many there are.

    rings, highest priority first      5:  next -> A -> B -> C -+      those that had room when they were last asked
                                               \________________/
                                       0:  next -> D               E   rests: out of its ring until it is woken

One of weight 3 has three turns in a row where others have one. A consumer found without room rests, so that nobody
looks at it again in vain; whoever gives room back wakes it. A ring that is never turned keeps its first come in front:
with single active, that is the one.
"""

from typing import TYPE_CHECKING

from dragoman.kernel.empties import NO_LIST

if TYPE_CHECKING:
    from dragoman.kernel.entities import Holder


class Ring:
    """Consumers of one priority, in the order of their turns. A holder's `ahead` and `behind` link it into its ring."""

    __slots__ = ("count", "next", "priority")

    def __init__(self, priority: int) -> None:
        self.priority = priority
        self.count = 0  # resting ones included
        self.next: Holder | None = None

    def enter(self, holder: "Holder") -> None:
        """Behind all others."""
        first = self.next
        if first is None:
            holder.ahead = holder.behind = self.next = holder
            return
        last = first.behind
        assert last is not None
        holder.ahead, holder.behind = first, last
        last.ahead = first.behind = holder

    def leave(self, holder: "Holder") -> None:
        """Its turn goes to the one after it."""
        ahead, behind = holder.ahead, holder.behind
        assert ahead is not None
        assert behind is not None
        holder.ahead = holder.behind = None
        if ahead is holder:
            self.next = None
            return
        ahead.behind, behind.ahead = behind, ahead
        if self.next is holder:
            self.next = ahead


class Turns:
    """The active consumers of one subscription, `count` of them. Rings are never empty of consumers, resting or not."""

    __slots__ = ("count", "rings", "weight")

    def __init__(self) -> None:
        self.count = 0
        self.weight = 0  # of all of them together
        self.rings: list[Ring] = NO_LIST

    def add(self, holder: "Holder") -> None:
        """It takes turns from now on, behind those of its priority."""
        at = 0
        while at < len(self.rings) and self.rings[at].priority > holder.priority:
            at += 1
        if at == len(self.rings) or self.rings[at].priority < holder.priority:
            if self.rings is NO_LIST:
                self.rings = []
            self.rings.insert(at, Ring(holder.priority))
        ring = self.rings[at]
        ring.count += 1
        self.count += 1
        self.weight += holder.weight
        holder.ring = ring
        ring.enter(holder)

    def remove(self, holder: "Holder") -> None:
        """It takes no turns any more."""
        ring = holder.ring
        assert ring is not None
        if holder.ahead is not None:
            ring.leave(holder)
        holder.ring = None
        ring.count -= 1
        self.count -= 1
        self.weight -= holder.weight
        if ring.count == 0:
            self.rings.remove(ring)

    def wake(self, holder: "Holder") -> None:
        """It may have room again."""
        if holder.ahead is None and holder.ring is not None:
            holder.ring.enter(holder)

    def take(self) -> "Holder | None":
        """The next in turn among those of highest priority that have room; when it has had as many turns in a row as it
        weighs, it is its ring's last.
        """
        for ring in self.rings:
            holder = ring.next
            while holder is not None:
                if holder.room(1) > 0:
                    if holder.turns >= holder.weight:
                        holder.turns = 0
                    holder.turns += 1
                    if holder.turns >= holder.weight:
                        ring.next = holder.ahead
                    return holder
                holder.turns = 0
                ring.leave(holder)
                holder = ring.next
        return None

    def first(self) -> "Holder | None":
        """Whoever came first of the highest priority, if it has room; nobody's turn passes."""
        holder = self.rings[0].next if self.rings else None
        return holder if holder is not None and holder.room(1) > 0 else None

    def standing(self) -> "Holder | None":
        """Whoever came first of the highest priority, with room or without."""
        return self.rings[0].next if self.rings else None

    def weigh(self, holder: "Holder", weight: int) -> None:
        """It counts for so many from now on."""
        if holder.ring is not None:
            self.weight += weight - holder.weight
        holder.weight = weight

    def is_first(self, holder: "Holder") -> bool:
        """Whether it came first of the highest priority."""
        return bool(self.rings) and self.rings[0].next is holder

    def clear(self) -> None:
        """Nobody takes turns any more."""
        for ring in self.rings:
            while ring.next is not None:
                ring.leave(ring.next)
        self.rings.clear()
        self.count = self.weight = 0
