"""Deliveries that wait for the journal, and what a reply that carries deliveries must wait for.

    dispatch -> deliveries --EARLY, or safe enough--------------------> doors, this turn
                           --MESSAGE--> until its partition has grown --> doors
                           --LEASE----> until its frame is synced -----> doors

Of a consumer that ends with its first messages (`once`) all that a turn handed it leaves together.

`kernel.leases.standing` says which is which; this is the one place that knows what the words mean in positions. What
ripens does so once: partitions tell when they have grown, positions come in order, nothing is looked at in vain.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from dragoman.kernel.block import Partition
from dragoman.kernel.entities import Holder
from dragoman.kernel.leases.commands import SessionLock
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.leases.standing import EARLY, LEASE, MESSAGE
from dragoman.kernel.reservation import shown_at
from dragoman.model.levels import APPLIED, SYNCED, WRITTEN
from dragoman.runtime.commit import Commit
from dragoman.runtime.nocommit import NoCommit

NOTHING: Final = (0, APPLIED)  # the position and level of what may leave at once

Waiting = tuple[int, Delivery]
"""The session it is for, and the delivery."""


def depends_on(reply: Sequence[Delivery] | SessionLock, position: int) -> tuple[int, int]:
    """See `kernel.api.Session.depends_on`; everything decided so far is at or below `position`."""
    if isinstance(reply, SessionLock):
        is_durable = bool(reply.state) and reply.holder.subscription.stream.durable
        return (position, SYNCED) if is_durable else NOTHING
    level = max(map(_level, reply), default=APPLIED)
    return (position, level) if level else NOTHING


def _level(delivery: Delivery) -> int:
    """That everything decided so far must have reached before the delivery leaves."""
    if delivery.standing == EARLY:
        return APPLIED
    if delivery.standing == LEASE:
        return SYNCED
    stream = delivery.holder.subscription.stream
    partition = stream.partitions[delivery.partition]
    if delivery.end <= partition.committed:
        return APPLIED
    return shown_at(partition, delivery.end, stream.settings.level)


class Outbox:
    """See the module."""

    __slots__ = ("_commit", "_growing", "_ripe", "_synced", "_written")

    def __init__(self, commit: Commit | NoCommit) -> None:
        self._commit = commit
        self._ripe: list[Waiting] = []  # may leave, and have not been asked for yet
        self._growing: dict[Partition, list[Waiting]] = {}  # committed < end of each
        self._written: deque[tuple[int, Waiting]] = deque()  # by position, past what is written
        self._synced: deque[tuple[int, Waiting]] = deque()  # by position, past what is synced

    def sift(self, session: int, deliveries: list[Delivery], position: int) -> list[Delivery]:
        """Those that may leave now; the others are kept. Their leases are in frames at or below `position`."""
        for delivery in deliveries:
            if delivery.standing != EARLY:
                return self._sift(session, deliveries, position)
        return deliveries

    def _sift(self, session: int, deliveries: list[Delivery], position: int) -> list[Delivery]:
        batches: dict[Holder, list[Delivery]] = {}  # what must leave together
        ripe: list[Delivery] = []
        for delivery in deliveries:
            if delivery.holder.once:
                batches.setdefault(delivery.holder, []).append(delivery)
            elif not self._keeps(session, [delivery], position):
                ripe.append(delivery)
        for batch in batches.values():
            if not self._keeps(session, batch, position):
                ripe += batch
        return ripe

    def _keeps(self, session: int, batch: list[Delivery], position: int) -> bool:
        """Whether deliveries that leave together must wait; they are kept then."""
        level = max(map(_level, batch))
        if level == APPLIED or self._commit.reached(level) >= position:
            return False
        first = batch[0]
        if level > WRITTEN:
            self._commit.want_sync(position)
        else:
            self._commit.want_written(position)
        if first.standing == MESSAGE and not first.holder.once:
            partition = first.holder.subscription.stream.partitions[first.partition]
            self._growing.setdefault(partition, []).append((session, first))
        else:
            frames = self._synced if level > WRITTEN else self._written
            frames.extend((position, (session, delivery)) for delivery in batch)
        return True

    def awaits(self, partition: Partition) -> bool:
        """Whether something waits for the partition to grow."""
        return partition in self._growing

    def grown(self, partition: Partition) -> None:
        """More of the partition is committed."""
        waiting = self._growing.pop(partition, None)
        if waiting is None:
            return
        ripe = [one for one in waiting if one[1].end <= partition.committed]
        self._ripe += ripe
        if len(ripe) < len(waiting):
            self._growing[partition] = [one for one in waiting if one[1].end > partition.committed]

    def take(self) -> dict[int, list[Delivery]]:
        """What has become safe enough since the last call, by session."""
        for frames, level in ((self._written, WRITTEN), (self._synced, SYNCED)):
            reached = self._commit.reached(level)
            while frames and frames[0][0] <= reached:
                self._ripe.append(frames.popleft()[1])
        taken: dict[int, list[Delivery]] = {}
        if self._ripe:
            ripe, self._ripe = self._ripe, []
            for session, delivery in ripe:
                taken.setdefault(session, []).append(delivery)
        return taken
