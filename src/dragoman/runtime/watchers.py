"""Who is to be told, once, when something has changed: sessions by what they watch, and back.

A session that goes takes its watches along without anybody looking through those of others.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

Session = TypeVar("Session", bound=Hashable)
Watched = TypeVar("Watched", bound=Hashable)


class Watchers(Generic[Session, Watched]):
    """Each side holds what the other does; what nobody watches is not there, who watches nothing neither."""

    __slots__ = ("_sessions", "_watched")

    def __init__(self) -> None:
        self._sessions: dict[Watched, dict[Session, None]] = {}
        self._watched: dict[Session, set[Watched]] = {}

    def __contains__(self, watched: Watched) -> bool:
        """Whether anybody watches it."""
        return watched in self._sessions

    def add(self, session: Session, watched: Watched) -> None:
        """Tell `session` when `watched` has changed; asked twice is told once."""
        self._sessions.setdefault(watched, {})[session] = None
        self._watched.setdefault(session, set()).add(watched)

    def take(self, watched: Watched) -> dict[Session, None]:
        """Who is to be told of a change, in the order they asked; they watch it no more."""
        sessions = self._sessions.pop(watched, None)
        if sessions is None:
            return {}
        for session in sessions:
            mine = self._watched[session]
            mine.remove(watched)
            if not mine:
                del self._watched[session]
        return sessions

    def forget(self, session: Session) -> None:
        """The session is gone."""
        for watched in self._watched.pop(session, ()):
            sessions = self._sessions[watched]
            del sessions[session]
            if not sessions:
                del self._sessions[watched]
