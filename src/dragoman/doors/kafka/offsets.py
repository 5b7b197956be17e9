"""ListOffsets and OffsetForLeaderEpoch: where partitions begin and end, and what was written when.

By time: the kernel finds the first entry whose newest record is young enough; the record itself is found by opening it.
"""

from typing import Any, Final

from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of
from dragoman.doors.kafka.fetch import check_epoch
from dragoman.doors.kafka.spell import records_of
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import DescribeStream, FindTime, PartitionInfo, Read
from dragoman.model.errors import PartitionNotFound
from dragoman.wire.kafka.errors import ErrorCode
from dragoman.wire.kafka.records import Record

Message = dict[str, Any]

LATEST: Final = -1
EARLIEST: Final = -2
MAX_TIMESTAMP: Final = -3
EARLIEST_LOCAL: Final = -4
LATEST_TIERED: Final = -5
EARLIEST_PENDING_UPLOAD: Final = -6
NOTHING: Final = (-1, -1)  # offset, timestamp


def serve_list(talk: Talk, request: Request, message: Message) -> Message:
    """ListOffsets."""
    isolated = message.get("isolation_level") == 1
    return {
        "topics": [
            {
                "name": topic["name"],
                "partitions": [
                    _listed(talk, topic["name"], part, isolated=isolated)
                    for part in topic["partitions"]
                ],
            }
            for topic in message["topics"]
        ]
    }


def partition_info(talk: Talk, topic: str, index: int) -> PartitionInfo:
    """Raises StreamNotFound, PartitionNotFound."""
    partitions: tuple[PartitionInfo, ...] = talk.session.submit(
        DescribeStream(name=topic)
    ).partitions
    if not 0 <= index < len(partitions):
        raise PartitionNotFound(f"{topic}-{index}")
    return partitions[index]


def _listed(talk: Talk, topic: str, part: Message, *, isolated: bool) -> Message:
    index = part["partition_index"]
    code, found = 0, NOTHING
    try:
        epoch = talk.leader_epoch()
        check_epoch(part["current_leader_epoch"], epoch)
        info = partition_info(talk, topic, index)
        found = _find(talk, topic, index, info, part["timestamp"], isolated=isolated)
    except REFUSALS as error:
        code = code_of(error)
    return {
        "partition_index": index,
        "error_code": code,
        "timestamp": found[1],
        "offset": found[0],
        "leader_epoch": talk.leader_epoch() if found[0] >= 0 else -1,
    }


def _find(
    talk: Talk, topic: str, index: int, info: PartitionInfo, time_ms: int, *, isolated: bool
) -> tuple[int, int]:
    """Offset and timestamp of what was asked for."""
    if time_ms == LATEST:
        return (info.stable if isolated else info.committed), -1
    if time_ms in (EARLIEST, EARLIEST_LOCAL):
        return info.start, -1
    if time_ms in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return NOTHING  # there is one tier
    if time_ms < MAX_TIMESTAMP:
        raise Refused(ErrorCode.INVALID_REQUEST, f"no such time: {time_ms}")
    newest = time_ms == MAX_TIMESTAMP
    offset, newest_ms = talk.session.submit(
        FindTime(name=topic, partition=index, time_ms=max(time_ms, 0), newest=newest)
    )
    if offset < 0:
        return NOTHING
    records = _records_at(talk, topic, index, offset)
    if newest:
        best = max(records, key=lambda record: (record.timestamp_ms, -record.offset))
        return best.offset, best.timestamp_ms
    for record in records:
        if record.timestamp_ms >= time_ms:
            return record.offset, record.timestamp_ms
    return (
        offset,
        newest_ms,
    )  # of another protocol: what it was stored at is not what its sender said


def _records_at(talk: Talk, topic: str, index: int, offset: int) -> list[Record]:
    extract = talk.session.submit(Read(name=topic, partition=index, offset=offset, bytes_max=0))
    return records_of(extract.blocks[0], extract.end)


def serve_epochs(talk: Talk, request: Request, message: Message) -> Message:
    """OffsetForLeaderEpoch: of this and every earlier life of the store, the log ends where it does now."""
    return {
        "topics": [
            {
                "topic": topic["topic"],
                "partitions": [
                    _epoch_end(talk, topic["topic"], part) for part in topic["partitions"]
                ],
            }
            for topic in message["topics"]
        ]
    }


def _epoch_end(talk: Talk, topic: str, part: Message) -> Message:
    epoch = talk.leader_epoch()
    answer = {"error_code": 0, "partition": part["partition"], "leader_epoch": -1, "end_offset": -1}
    try:
        check_epoch(part["current_leader_epoch"], epoch)
        info = partition_info(talk, topic, part["partition"])
    except REFUSALS as error:
        return {**answer, "error_code": code_of(error)}
    if not 0 <= part["leader_epoch"] <= epoch:
        return answer
    return {**answer, "leader_epoch": epoch, "end_offset": info.committed}
