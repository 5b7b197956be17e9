"""A receiver: a partition, read for a consumer group, as its owner (`com.microsoft:epoch`) or beside others."""

from typing import Any, Final

from dragoman.doors.eventhubs.addresses import Origin
from dragoman.doors.eventhubs.errors import error_of
from dragoman.doors.eventhubs.hubs import check_group, find, partition_in
from dragoman.doors.eventhubs.positions import offset_at, place_in
from dragoman.doors.eventhubs.spelling import EventSpelling
from dragoman.doors.shared.amqp10.cursor import CursorSource
from dragoman.doors.shared.amqp10.profile import Outlet, Peer, Terms
from dragoman.kernel.api import NO_LEVEL, CloseReader, DescribeStream, OpenReader, StreamInfo
from dragoman.model.errors import InvalidArgument, KernelError
from dragoman.wire.amqp10.messaging import Source
from dragoman.wire.amqp10.performatives import Attach

EPOCH: Final = "com.microsoft:epoch"
METRICS: Final = "com.microsoft:enable-receiver-runtime-metric"
EPOCH_MAX: Final = (1 << 63) - 1


class PartitionSource(CursorSource):
    """See `profile.Source`. It ends when another reader comes to own the partition."""

    __slots__ = ("_command", "ticket")

    def __init__(
        self,
        peer: Peer,
        info: StreamInfo,
        spelling: EventSpelling,
        places: dict[int, int],
        command: OpenReader,
    ) -> None:
        super().__init__(peer.session, Terms(), spelling, info, places)
        self._command = command
        self.ticket = 0

    def open(self, outlet: Outlet) -> None:
        """Be one of the group's readers. Raises ReaderFenced, QuotaExceeded."""
        super().open(outlet)
        self.ticket = self._session.submit(self._command)

    def answered(self, result: object) -> None:
        """See `profile.PromisedSource`."""
        assert isinstance(result, KernelError)
        self._outlet.detach(error_of(result))

    def close(self) -> None:
        """See `profile.Source`."""
        self._session.submit(CloseReader(ticket=self.ticket))


def source_of(peer: Peer, origin: Origin, attach: Attach, *, creates: bool) -> PartitionSource:
    """The source of a partition. Raises NotFound, InvalidArgument, OffsetOutOfRange."""
    session, namespace = peer.session, peer.namespace
    head = find(session, namespace, origin.hub, creates=creates)
    check_group(head, origin.group)
    partition = partition_in(origin.partition, head.partition_count)
    assert isinstance(attach.source, Source)
    place = place_in(attach.source.filter)
    info: StreamInfo = session.submit(DescribeStream(namespace=namespace, name=head.name))
    known = info.partitions[partition]
    offset = offset_at(session, namespace, head.name, partition, known, place)
    command = OpenReader(
        namespace=namespace,
        name=head.name,
        partition=partition,
        group=origin.group.lower(),
        level=_level_in(attach.properties or {}),
    )
    wants_last = METRICS in _names(attach.desired_capabilities)
    spelling = EventSpelling(session, namespace, head, tells_last=wants_last)
    return PartitionSource(peer, info, spelling, {partition: offset}, command)


def _level_in(properties: dict[Any, Any]) -> int:
    """Raises InvalidArgument."""
    level = properties.get(EPOCH)
    if level is None:
        return NO_LEVEL
    if not isinstance(level, int) or type(level) is bool or not 0 <= level <= EPOCH_MAX:
        raise InvalidArgument(f"{level!r:.40} is no epoch")
    return int(level)


def _names(said: Any) -> list[Any]:
    """Symbols: one, many or none."""
    if said is None:
        return []
    return list(said) if isinstance(said, list | tuple) else [said]
