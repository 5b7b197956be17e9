"""Receives that can be repeated: what an attempt of a FIFO queue's reader was shown.

    (queue, attempt id) -> messages, and who holds them; for ATTEMPT_MS, at most ATTEMPTS_BYTES_MAX of bodies in all

A repeat is answered with the same messages and receipt handles only while every one of them is still held as it was
handed out; their time begins anew. In memory: after a restart a repeat is a receive like any other.
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.sqs.queue import Queue
from dragoman.kernel.api import Delivery, FindLease, LeaseInfo, Renew, Session
from dragoman.wire.aws.shapes import Received

ATTEMPT_MS: Final = 300_000
ATTEMPTS_BYTES_MAX: Final = 16 << 20
OVERHEAD_BYTES: Final = 1_024  # of one message beside its body

Held = tuple[int, int, int, int]
"""(partition, start, end, holder)."""


class Attempt:
    """One receive as it was answered."""

    __slots__ = ("held", "messages", "size", "until_ms")

    def __init__(
        self, deliveries: Sequence[Delivery], messages: list[Received], until_ms: int
    ) -> None:
        self.held: list[Held] = [
            (one.partition, one.start, one.end, one.holder.id) for one in deliveries
        ]
        self.messages = messages
        self.until_ms = until_ms
        self.size = sum(len(one.body) + OVERHEAD_BYTES for one in messages)


class Attempts:
    """See the module."""

    __slots__ = ("_known", "_size")

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], Attempt] = {}
        self._size = 0

    def keep(
        self,
        queue: Queue,
        attempt: str,
        deliveries: Sequence[Delivery],
        messages: list[Received],
        now_ms: int,
    ) -> None:
        """The attempt was shown these."""
        key = (queue.head.id, attempt)
        self._forget(key)
        made = self._known[key] = Attempt(deliveries, messages, now_ms + ATTEMPT_MS)
        self._size += made.size
        while self._size > ATTEMPTS_BYTES_MAX and len(self._known) > 1:
            self._forget(next(iter(self._known)))

    def _forget(self, key: tuple[int, str]) -> None:
        known = self._known.pop(key, None)
        if known is not None:
            self._size -= known.size

    def again(
        self, session: Session, queue: Queue, attempt: str, duration_ms: int
    ) -> list[Received] | None:
        """The messages of that attempt, if all are still held; their time begins anew."""
        key = (queue.head.id, attempt)
        known = self._known.get(key)
        if known is None:
            return None
        if known.until_ms <= session.wall_ms() or not all(
            _is_held(session, queue, held) for held in known.held
        ):
            self._forget(key)
            return None
        for partition, start, end, holder in known.held:
            session.submit(
                Renew(
                    subscription=queue.head.id,
                    partition=partition,
                    holder=holder,
                    runs=((start, end),),
                    lease_duration_ms=duration_ms,
                )
            )
        return known.messages


def _is_held(session: Session, queue: Queue, held: Held) -> bool:
    partition, start, end, holder = held
    for offset in range(start, end):
        command = FindLease(
            subscription=queue.head.id, partition=partition, offset=offset, holder=holder
        )
        info: LeaseInfo = session.submit(command)
        if not info.is_held:
            return False
    return True
