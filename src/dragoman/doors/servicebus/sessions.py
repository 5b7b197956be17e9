"""A session as a source: the one that is named, or the next that is free and has messages.

The lock is the link's. `com.microsoft:locked-until-utc` of the attach's properties says until when it holds, and
`com.microsoft:timeout` how long a client waits for the next session (a minute where it does not say).
"""

from typing import Any, Final

from dragoman.doors.servicebus.entities import Entity
from dragoman.doors.servicebus.errors import SESSION_CANNOT_BE_LOCKED, SESSION_LOCK_LOST, TIMEOUT
from dragoman.doors.servicebus.requests import GONE, Failed
from dragoman.doors.servicebus.spelling import LockSpelling
from dragoman.doors.shared.amqp10.leased import LeasedSource
from dragoman.doors.shared.amqp10.profile import Peer, Refused, Terms
from dragoman.kernel.api import AcceptSession, SessionLock
from dragoman.model.errors import ResourceLocked
from dragoman.wire.amqp10 import messaging
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.performatives import SND_SETTLED, Attach
from dragoman.wire.amqp10.values import Symbol

FILTER: Final = "com.microsoft:session-filter"
LOCKED_UNTIL: Final = "com.microsoft:locked-until-utc"
WAIT: Final = "com.microsoft:timeout"
WAIT_MS: Final = 60_000
NOTES: Final = "servicebus"
TICKS_1970: Final = 621_355_968_000_000_000
TICKS_PER_MS: Final = 10_000


def ticks_of(wall_ms: int) -> int:
    """.NET's ticks."""
    return TICKS_1970 + wall_ms * TICKS_PER_MS


def locks_of(peer: Peer) -> dict[tuple[str, str], int]:
    """Holders of the sessions that this connection has locked, by entity path and session."""
    found: dict[tuple[str, str], int] = peer.notes.setdefault(NOTES, {})
    return found


class SessionSource(LeasedSource):
    """A locked session's messages."""

    __slots__ = ("_key", "_peer")

    cancelled = Error(SESSION_LOCK_LOST, "The session lock has expired.")

    def __init__(
        self, peer: Peer, terms: Terms, spelling: LockSpelling, lock: SessionLock, path: str
    ) -> None:
        super().__init__(peer.session, terms, spelling, lambda _: lock.holder)
        self._peer = peer
        self._key = (path.lower(), lock.key.decode(errors="replace"))
        lock.holder.tag = self
        locks_of(peer)[self._key] = lock.holder.id

    def close(self) -> None:
        """The lock goes with its link, and what it held is ready again."""
        locks_of(self._peer).pop(self._key, None)
        super().close()


class PendingSession:
    """See `profile.PendingSource`."""

    def __init__(self, peer: Peer, attach: Attach, entity: Entity, key: str | None) -> None:
        self._peer = peer
        self._attach = attach
        self._entity = entity
        self._key = key
        wait_ms = (attach.properties or {}).get(WAIT)
        wait_ms = int(wait_ms) if isinstance(wait_ms, int) else WAIT_MS
        self.deadline_ms: int | None = peer.session.elapsed_ms() + wait_ms

    def ask(self) -> SessionSource | None:
        """See `profile.PendingSource`. Raises Refused."""
        entity, session = self._entity, self._peer.session
        settings = entity.info.settings
        no_ack = self._attach.snd_settle_mode == SND_SETTLED
        try:
            lock: SessionLock | None = session.submit(
                AcceptSession(
                    namespace=self._peer.namespace,
                    name=entity.name,
                    subscription=entity.subscription,
                    key=None if self._key is None else self._key.encode(),
                    lease_duration_ms=settings.lease_duration_ms,
                    consume=True,
                    metered=True,
                    no_ack=no_ack,
                )
            )
        except ResourceLocked:
            raise Refused(
                SESSION_CANNOT_BE_LOCKED,
                f"The session {self._key!r} is locked by another receiver.",
            ) from None
        if lock is None:
            session.watch(self._peer.namespace, entity.name)
            return None
        return self._open(lock, no_ack=no_ack)

    def _open(self, lock: SessionLock, *, no_ack: bool) -> SessionSource:
        session = self._peer.session
        lease_ms = self._entity.info.settings.lease_duration_ms
        said: Any = self._attach.source
        source = messaging.Source(
            said.address, filter={Symbol(FILTER): lock.key.decode(errors="replace")}
        )
        until = ticks_of(session.wall_ms() + lease_ms)
        terms = Terms(source=source, properties={Symbol(LOCKED_UNTIL): until})
        spelling = LockSpelling(
            session, self._entity.stream(), 0 if no_ack else lease_ms, is_session=True
        )
        return SessionSource(self._peer, terms, spelling, lock, self._entity.path)

    def expire(self) -> Error:
        """See `profile.PendingSource`."""
        return Error(TIMEOUT, "No session became free in time.")


def held(peer: Peer, path: str, session: str) -> int:
    """The lock of a session that this connection holds. Raises Failed."""
    holder = locks_of(peer).get((path.lower(), session))
    if holder is None:
        raise Failed(GONE, SESSION_LOCK_LOST, f"The session {session!r} is not locked here.")
    return holder
