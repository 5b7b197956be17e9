"""What a generic client sends: runs of messages to one publish each, where they go to one place."""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.amqp10.addresses import address_of, see_exchange
from dragoman.doors.shared.amqp10.ingest import Taken, take
from dragoman.doors.shared.amqp10.profile import CREDIT, Incoming, Intake, Peer, Refused, Terms
from dragoman.kernel.api import Address, Publish
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.errors import DECODE_ERROR, NOT_IMPLEMENTED
from dragoman.wire.amqp10.messaging import Rejected

PLAIN_FORMAT: Final = 0


class GenericSink:
    """See `profile.Sink`. Without an address each message says where it goes."""

    def __init__(self, peer: Peer, terms: Terms, address: Address | None) -> None:
        self.terms = terms
        self.credit: int = CREDIT
        self._peer = peer
        self._address = address

    def take(self, run: Sequence[Incoming]) -> Sequence[Intake]:
        """See `profile.Sink`."""
        found: list[Intake] = []
        alike: list[Taken] = []
        where: Address | None = None
        for incoming in run:
            try:
                taken, address = self._read(incoming)
            except Refused as error:
                self._close_run(found, alike, where)
                found.append(Intake(1, None, Rejected(error.error)))
                continue
            if address != where:
                self._close_run(found, alike, where)
                where = address
            alike.append(taken)
        self._close_run(found, alike, where)
        return found

    def _read(self, incoming: Incoming) -> tuple[Taken, Address]:
        """Raises Refused."""
        if incoming.format != PLAIN_FORMAT:
            raise Refused(NOT_IMPLEMENTED, f"message format 0x{incoming.format:x}")
        try:
            taken = take(incoming.payload)
        except DecodeError as error:
            raise Refused(DECODE_ERROR, str(error)) from None
        if self._address is not None:
            return taken, self._address
        to = taken.properties.to
        address = address_of(to if type(to) is str else "")
        see_exchange(self._peer, address)
        return taken, address

    def _close_run(self, found: list[Intake], alike: list[Taken], where: Address | None) -> None:
        """What has been gathered becomes one command."""
        if alike and where is not None:
            command = Publish(self._peer.namespace, where, AMQP10, [each.entry for each in alike])
            ask(command, alike, self._peer.session.wall_ms())
            found.append(Intake(len(alike), command))
            alike.clear()

    def close(self) -> None:
        """See `profile.Sink`."""


def ask(command: Publish, run: Sequence[Taken], now_ms: int) -> None:
    """What the messages of a command ask of the kernel: their lives, priorities, keys."""
    if any(each.ttl_ms for each in run):
        command.expires_ms = [now_ms + each.ttl_ms if each.ttl_ms else 0 for each in run]
    if any(each.priority for each in run):
        command.priorities = [each.priority for each in run]
    if any(each.key or each.properties.group_id for each in run):
        command.keys = [(each.properties.group_id or each.key).encode() for each in run]
