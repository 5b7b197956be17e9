"""Which hub an address is, for links of Event Hubs: such as its paths name, and those of its own clients.

A name alone may be a queue or a hub: of a client that does not say, it is left to the other profiles.
"""

from typing import Final

from dragoman.doors.eventhubs.addresses import is_management, origin_of, target_of
from dragoman.doors.eventhubs.errors import error_of
from dragoman.doors.eventhubs.management import Management
from dragoman.doors.eventhubs.receiving import PartitionSource, source_of
from dragoman.doors.eventhubs.sending import EventHubsSink
from dragoman.doors.shared.amqp10.profile import Peer, Service, Welcome
from dragoman.model.errors import KernelError
from dragoman.wire.amqp10 import messaging
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.performatives import Attach

MARK: Final = "eventhubs"  # in the user agent of each of the official clients
AGENTS: Final = ("user-agent", "product")


class EventHubsProfile:
    """See `profile.Profile`. `creates`: a hub is made when it is first used."""

    name = "eventhubs"

    def __init__(self, *, creates: bool) -> None:
        self._creates = creates
        self._management = Management(creates=creates)

    def welcome(self, peer: Peer) -> Welcome | None:
        """See `profile.Profile`."""
        return None

    def service(self, peer: Peer, address: str) -> Service | None:
        """See `profile.Profile`."""
        return self._management if is_management(address) else None

    def sink(self, peer: Peer, attach: Attach) -> EventHubsSink | None:
        """See `profile.Profile`. Raises NotFound, InvalidArgument."""
        target = attach.target
        address = target.address if isinstance(target, messaging.Target) else None
        found = target_of(address) if type(address) is str else None
        if found is None or (found.is_plain and not is_its_client(peer)):
            return None
        return EventHubsSink(peer, found, creates=self._creates)

    def source(self, peer: Peer, attach: Attach) -> PartitionSource | None:
        """See `profile.Profile`. Raises NotFound, InvalidArgument, OffsetOutOfRange."""
        source = attach.source
        address = source.address if isinstance(source, messaging.Source) else None
        found = origin_of(address) if type(address) is str else None
        return None if found is None else source_of(peer, found, attach, creates=self._creates)

    def error_of(self, error: KernelError) -> Error:
        """See `profile.Profile`."""
        return error_of(error)


def is_its_client(peer: Peer) -> bool:
    """Whether the client calls itself one of Event Hubs'."""
    said = peer.open.properties or {}
    return any(MARK in str(said.get(name, "")).lower() for name in AGENTS)
