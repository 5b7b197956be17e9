"""`$management`: what hubs and partitions say of themselves. The one operation is READ; a request names its hub.

com.microsoft:eventhub     name, created_at, partition_count, partition_ids, georeplication_factor
com.microsoft:partition    first and last sequence number, last offset and time, whether nothing is there
"""

from typing import Any, Final

from dragoman.doors.eventhubs.errors import ARGUMENT, error_of, status_of
from dragoman.doors.eventhubs.hubs import created_ms, find, partition_in
from dragoman.doors.eventhubs.last import last_of
from dragoman.doors.shared.amqp10.profile import Answer, Peer, Request
from dragoman.kernel.api import DescribeStream, StreamInfo
from dragoman.model.errors import InvalidArgument, KernelError
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp10.errors import NOT_IMPLEMENTED, UNAUTHORIZED_ACCESS
from dragoman.wire.amqp10.values import Array, Int, Symbol, Timestamp

READ: Final = "READ"
HUB: Final = "com.microsoft:eventhub"
PARTITION: Final = "com.microsoft:partition"
OK: Final = 200
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
NOT_THERE: Final = 501

Body = dict[Any, Any]


class Management:
    """See `profile.Service`. Who may ask about a hub is judged by the hub's name, which only the request says."""

    is_open = True

    def __init__(self, *, creates: bool) -> None:
        self._creates = creates

    def ask(self, peer: Peer, request: Request) -> Answer:
        """See `profile.Service`."""
        said = request.application
        name, kind = said.get("name"), said.get("type")
        if said.get("operation") != READ or kind not in (HUB, PARTITION):
            return _refusal(NOT_THERE, NOT_IMPLEMENTED, "READ of an event hub or a partition")
        if not isinstance(name, str):
            return _refusal(BAD_REQUEST, ARGUMENT, "no name of an event hub")
        if not peer.may_use(f"{name}/$management"):
            return _refusal(UNAUTHORIZED, UNAUTHORIZED_ACCESS, f"nobody said who may use {name!r}")
        try:
            body = self._read(peer, name, said.get("partition") if kind == PARTITION else None)
        except KernelError as error:
            told = error_of(error)
            return _refusal(status_of(error), told.condition, told.description or "")
        application = {"status-code": Int(OK), "status-description": "OK"}
        return Answer(application, body, position=peer.session.position(), level=SYNCED)

    def _read(self, peer: Peer, name: str, partition: Any) -> Body:
        """Of the hub, or of a partition. Raises KernelError."""
        head = find(peer.session, peer.namespace, name, creates=self._creates)
        if partition is None:
            return {
                "name": name,
                "type": HUB,
                "created_at": Timestamp(created_ms(head)),
                "partition_count": Int(head.partition_count),
                "partition_ids": Array(str, [str(index) for index in range(head.partition_count)]),
                "georeplication_factor": Int(1),
            }
        if not isinstance(partition, str):
            raise InvalidArgument("no partition")
        index = partition_in(partition, head.partition_count)
        command = DescribeStream(namespace=peer.namespace, name=head.name)
        info: StreamInfo = peer.session.submit(command)
        known = info.partitions[index]
        last = last_of(peer.session, peer.namespace, head.name, index, known)
        return {
            "name": name,
            "type": PARTITION,
            "partition": partition,
            "begin_sequence_number": last.begin,
            "last_enqueued_sequence_number": last.sequence,
            "last_enqueued_offset": str(last.sequence),
            "last_enqueued_time_utc": Timestamp(last.stored_ms),
            "runtime_info_retrieval_time_utc": Timestamp(peer.session.wall_ms()),
            "is_partition_empty": last.is_empty,
        }


def _refusal(status: int, condition: str, text: str) -> Answer:
    return Answer(
        {
            "status-code": Int(status),
            "status-description": text,
            "error-condition": Symbol(condition),
        }
    )
