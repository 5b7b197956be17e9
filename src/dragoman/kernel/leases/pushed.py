"""Leased subscriptions that somebody in this process reads and pushes out: who pushes what, and whether that changed.

    settings.push = "eventgrid"   the face that pushes it: one of this process's own sessions, not a client

A face lists what is its own (`ListPushed`) and asks to be told when that list or the settings of one of its entries
change (`Session.watch_pushed`). Both follow from what `apply` does, so that nothing that makes, alters or deletes a
subscription, recovery and configuration included, can forget to say so. A face may have ten thousand of them and looks
at its list whenever one changes: entries are made once, and the same object says that nothing has changed.
"""

from typing import TYPE_CHECKING

from dragoman.kernel.replies import PushedInfo

if TYPE_CHECKING:
    from dragoman.kernel.entities import Subscription

NAME_CHARS_MAX = 64


class Pushed:
    """All of them, by face; and the faces whose part has changed since the runtime last looked."""

    __slots__ = ("by_face", "changed")

    def __init__(self) -> None:
        self.by_face: dict[str, dict[int, PushedInfo]] = {}
        self.changed: dict[str, None] = {}

    def add(self, subscription: "Subscription") -> None:
        """It is there, or has other settings."""
        face = subscription.settings.push
        if face:
            stream = subscription.stream
            info = PushedInfo(
                subscription.id,
                stream.namespace,
                stream.name,
                subscription.name,
                subscription.settings,
            )
            self.by_face.setdefault(face, {})[subscription.id] = info
            self.changed[face] = None

    def drop(self, subscription: "Subscription") -> None:
        """It is gone, or is to be added with other settings."""
        face = subscription.settings.push
        if face:
            mine = self.by_face[face]
            del mine[subscription.id]
            if not mine:
                del self.by_face[face]
            self.changed[face] = None
