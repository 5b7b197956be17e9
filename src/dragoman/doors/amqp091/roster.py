"""Who is connected: what the management API tells of connections, channels and consumers, and how it ends them. Cold.

A connection is on the list from connection.open-ok until it is lost. What it does it counts itself (`tallies`): whoever
asks reads what the connection goes by.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from dragoman.doors.amqp091 import limits
from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.channels import Channels
from dragoman.doors.amqp091.errors import NOT_ALLOWED, Refused
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.tallies import Flows

LISTED_MAX: Final = 100_000  # connections; later ones work, and are not told of


class Listed:
    """One connection that is open. `force` ends it, with a reason."""

    __slots__ = ("channels", "force", "link", "since_ms")

    def __init__(
        self, link: Link, channels: Channels, since_ms: int, force: Callable[[str], None]
    ) -> None:
        self.link = link
        self.channels = channels
        self.since_ms = since_ms  # wall time
        self.force = force

    @property
    def name(self) -> str:
        """As RabbitMQ names connections: both ends."""
        peer, local = self.link.connection.peer, self.link.connection.local
        return f"{peer[0]}:{peer[1]} -> {local[0]}:{local[1]}"

    def open_channels(self) -> list[Channel]:
        """By number."""
        return self.channels.open_ones()


class Roster:
    """All connections of one broker. See also `link.Limits`."""

    def __init__(self) -> None:
        self._listed: dict[int, Listed] = {}
        self._in_vhost: Counter[str] = Counter()
        self._of_user: Counter[str] = Counter()
        self.flows = Flows()  # through exchanges

    def add(self, link: Link, channels: Channels, force: Callable[[str], None]) -> None:
        """A connection has opened its virtual host."""
        if len(self._listed) < LISTED_MAX:
            self._listed[id(link)] = Listed(link, channels, link.session.wall_ms(), force)
            self._in_vhost[link.vhost] += 1
            self._of_user[link.principal] += 1

    def remove(self, link: Link) -> None:
        """It is gone."""
        if self._listed.pop(id(link), None) is not None:
            self._in_vhost -= Counter((link.vhost,))
            self._of_user -= Counter((link.principal,))

    def __iter__(self) -> Iterator[Listed]:
        return iter(list(self._listed.values()))

    def of(self, user: str) -> list[Listed]:
        """A user's."""
        return [one for one in self if one.link.principal == user]

    # --- limits ---

    def check_connection(self, link: Link, vhost: str) -> None:
        """See `link.Limits`."""
        limits.check_connection(link, vhost, self._in_vhost[vhost], self._of_user[link.principal])

    def check_channel(self, link: Link) -> None:
        """See `link.Limits`."""
        most = limits.max_channels(link)
        if most is not None:
            count = sum(len(one.open_channels()) for one in self.of(link.principal))
            if limits.reached(most, count):
                text = f"number of channels opened for user '{link.principal}' has reached"
                text = f"{text} the maximum allowed user limit of ({most})"
                raise Refused(NOT_ALLOWED, text)

    # --- what has changed for those that are open ---

    def forget_topics(self, namespace: str) -> None:
        """Topic permissions have changed there."""
        for one in self:
            if one.link.namespace == namespace:
                one.link.topics.forget()
                one.link.addresses.clear()
