"""Who is connected: what the management API tells of connections, channels and consumers. Cold.

A connection is on the list from connection.open-ok until it is lost. Nothing is counted here: whoever asks reads what
the connection itself goes by.
"""

from collections.abc import Iterator
from typing import Final

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.channels import Channels
from dragoman.doors.amqp091.link import Link

LISTED_MAX: Final = 100_000  # connections; later ones work, and are not told of


class Listed:
    """One connection that is open."""

    __slots__ = ("channels", "link", "since_ms")

    def __init__(self, link: Link, channels: Channels, since_ms: int) -> None:
        self.link = link
        self.channels = channels
        self.since_ms = since_ms  # wall time

    @property
    def name(self) -> str:
        """As RabbitMQ names connections: both ends."""
        peer, local = self.link.connection.peer, self.link.connection.local
        return f"{peer[0]}:{peer[1]} -> {local[0]}:{local[1]}"

    def open_channels(self) -> list[Channel]:
        """By number."""
        return self.channels.open_ones()


class Roster:
    """All connections of one broker."""

    def __init__(self) -> None:
        self._listed: dict[int, Listed] = {}

    def add(self, link: Link, channels: Channels) -> None:
        """A connection has opened its virtual host."""
        if len(self._listed) < LISTED_MAX:
            self._listed[id(link)] = Listed(link, channels, link.session.wall_ms())

    def remove(self, link: Link) -> None:
        """It is gone."""
        self._listed.pop(id(link), None)

    def __iter__(self) -> Iterator[Listed]:
        return iter(list(self._listed.values()))
