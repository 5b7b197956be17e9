"""ListOffsets and OffsetForLeaderEpoch: where partitions begin and end, and what was written when.

By time: the kernel finds the first entry whose newest record is young enough; the record itself is found by opening it.
"""

from typing import Any, Final

from dragoman.doors.kafka.allowed import check_topic
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of
from dragoman.doors.kafka.fetch import NO_EPOCH, check_epoch
from dragoman.doors.kafka.spell import records_of
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    DESCRIBE,
    Block,
    DescribeStream,
    FindEpoch,
    FindTime,
    PartitionInfo,
    Read,
    StreamInfo,
)
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
                "partitions": _listed(talk, topic["name"], topic["partitions"], isolated=isolated),
            }
            for topic in message["topics"]
        ]
    }


def partitions_of(talk: Talk, topic: str) -> tuple[PartitionInfo, ...]:
    """Raises StreamNotFound, Refused."""
    check_topic(talk, DESCRIBE, topic)
    info: StreamInfo = talk.session.submit(DescribeStream(name=topic))
    return info.partitions


def partition_at(known: tuple[PartitionInfo, ...], index: int) -> PartitionInfo:
    """Raises PartitionNotFound."""
    if not 0 <= index < len(known):
        raise PartitionNotFound(f"there are {len(known)}, and no {index}")
    return known[index]


def _listed(talk: Talk, topic: str, parts: list[Message], *, isolated: bool) -> list[Message]:
    known: tuple[PartitionInfo, ...] = ()
    missing = 0
    try:
        known = partitions_of(talk, topic)
    except REFUSALS as error:
        missing = code_of(error)
    return [
        _unlisted(part, missing) if missing else _list_one(talk, topic, known, part, isolated)
        for part in parts
    ]


def _unlisted(part: Message, code: int) -> Message:
    return {
        "partition_index": part["partition_index"],
        "error_code": code,
        "timestamp": -1,
        "offset": -1,
        "leader_epoch": -1,
    }


def _list_one(
    talk: Talk, topic: str, known: tuple[PartitionInfo, ...], part: Message, isolated: bool
) -> Message:
    index = part["partition_index"]
    try:
        check_epoch(part["current_leader_epoch"], talk.leader_epoch())
        info = partition_at(known, index)
        time_ms = part["timestamp"]
        offset, at_ms = _find(talk, topic, index, info, time_ms, isolated=isolated)
    except REFUSALS as error:
        return _unlisted(part, code_of(error))
    epoch = NO_EPOCH
    if offset >= 0:
        find = FindEpoch(name=topic, partition=index, offset=offset)
        epoch = talk.leader_epoch() if time_ms == LATEST else talk.session.submit(find)[0]
    return {
        "partition_index": index,
        "error_code": 0,
        "timestamp": at_ms,
        "offset": offset,
        "leader_epoch": epoch,
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
    if time_ms == MAX_TIMESTAMP:
        return _find_newest(talk, topic, index, info.start)
    return _find_since(talk, topic, index, info.start, time_ms)


def _find_since(talk: Talk, topic: str, index: int, start: int, time_ms: int) -> tuple[int, int]:
    """The first record from `start` on that is of `time_ms` or later. Only the first block may begin before `start`."""
    find = FindTime(name=topic, partition=index, time_ms=time_ms, offset=start)
    offset, newest_ms = talk.session.submit(find)
    if offset < 0:
        return NOTHING
    block, records = _opened(talk, topic, index, max(offset, start))
    for record in records:
        if record.offset >= start and record.timestamp_ms >= time_ms:
            return record.offset, record.timestamp_ms
    if block.offset < start:
        return _find_since(talk, topic, index, block.end, time_ms)
    # Of another protocol: what it was stored at is not what its sender said.
    return offset, newest_ms


def _find_newest(talk: Talk, topic: str, index: int, start: int) -> tuple[int, int]:
    """The first of the records from `start` on that no other is newer than."""
    find = FindTime(name=topic, partition=index, time_ms=0, newest=True, offset=start)
    offset, _ = talk.session.submit(find)
    if offset < 0:
        return NOTHING
    block, records = _opened(talk, topic, index, max(offset, start))
    found = [(record.offset, record.timestamp_ms) for record in records if record.offset >= start]
    if block.offset < start:  # what made it the newest may be gone
        found.append(_find_newest(talk, topic, index, block.end))
    return max(found, key=lambda place: (place[1], -place[0]), default=NOTHING)


def _opened(talk: Talk, topic: str, index: int, offset: int) -> tuple[Block, list[Record]]:
    with talk.as_broker():  # who may know offsets by time may not read, as a rule
        extract = talk.session.submit(Read(name=topic, partition=index, offset=offset, bytes_max=0))
    return extract.blocks[0], records_of(extract.blocks[0], extract.end)


def serve_epochs(talk: Talk, request: Request, message: Message) -> Message:
    """OffsetForLeaderEpoch: up to where the log has what an earlier life of the store appended."""
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
    code, epoch, end = 0, NO_EPOCH, -1
    index, wanted = part["partition"], part["leader_epoch"]
    try:
        check_epoch(part["current_leader_epoch"], talk.leader_epoch())
        find = FindEpoch(name=topic, partition=index, epoch=max(wanted, 0))
        found = talk.session.submit(find)
        epoch, end = found if wanted >= 0 else (NO_EPOCH, -1)
    except REFUSALS as error:
        code = code_of(error)
    return {"error_code": code, "partition": index, "leader_epoch": epoch, "end_offset": end}
