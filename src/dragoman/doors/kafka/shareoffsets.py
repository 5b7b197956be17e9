"""Where share groups stand: DescribeShareGroupOffsets, AlterShareGroupOffsets, DeleteShareGroupOffsets."""

from typing import Any

from dragoman.doors.kafka import groupconfigs as configs
from dragoman.doors.kafka.allowed import check, may
from dragoman.doors.kafka.errors import REFUSALS, code_of, why
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    DESCRIBE,
    GROUP,
    READ,
    STREAM,
    DescribeStream,
    ForgetShares,
    ListShares,
    MoveShares,
    ShareInfo,
)
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

NO_UUID = bytes(16)
NOWHERE = -1
_FINE: Message = {"error_code": 0, "error_message": None}


def _refusal(error: Exception) -> Message:
    return {"error_code": code_of(error), "error_message": why(error)}


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeShareGroupOffsets: of the partitions asked for, or of all that a group reads."""
    return {"groups": [_group(talk, group) for group in message["groups"]]}


def _group(talk: Talk, group: Message) -> Message:
    about = {"group_id": group["group_id"], "topics": [], **_FINE}
    try:
        check_group(talk, group["group_id"])
        check(talk, DESCRIBE, GROUP, group["group_id"])
        shares: list[ShareInfo] = talk.session.submit(ListShares(group=group["group_id"]))
    except REFUSALS as error:
        return about | _refusal(error)
    shares = [share for share in shares if may(talk, DESCRIBE, STREAM, share.stream)]
    known = {(share.stream, share.partition): share for share in shares}
    if group["topics"] is None:
        asked = list(known)
    else:
        asked = [
            (topic["topic_name"], at) for topic in group["topics"] for at in topic["partitions"]
        ]
    topics: dict[str, Message] = {}
    for name, partition in asked:
        share = known.get((name, partition))
        uuid = NO_UUID if share is None else share.uuid
        topic = topics.setdefault(name, {"topic_name": name, "topic_id": uuid, "partitions": []})
        topic["partitions"].append(_partition(talk, partition, share))
    return about | {"topics": list(topics.values())}


def _partition(talk: Talk, index: int, share: ShareInfo | None) -> Message:
    """One that the group does not read has no start, which is no error."""
    return {
        "partition_index": index,
        "start_offset": NOWHERE if share is None else share.start,
        "leader_epoch": 0 if share is None else talk.leader_epoch(),
        "lag": NOWHERE if share is None else share.left,
        **_FINE,
    }


def serve_alter(talk: Talk, request: Request, message: Message) -> Message:
    """AlterShareGroupOffsets: of a group without members; topics that are not there are told so one by one."""
    group, topics = message["group_id"], message["topics"]
    errors: dict[tuple[str, int], Exception] = {}
    moves: list[tuple[str, int, int]] = []
    for topic in topics:
        for part in topic["partitions"]:
            place = (topic["topic_name"], part["partition_index"])
            try:
                _check_place(talk, *place)
                moves.append((*place, part["start_offset"]))
            except REFUSALS as error:
                errors[place] = error
    about: Message = {**_FINE, "responses": []}
    try:
        check_group(talk, group)
        command = MoveShares(
            group=group,
            places=tuple(moves),
            subscription=configs.share_name(group),
            settings=configs.share_settings(configs.notes_of(talk, group)),
        )
        talk.session.submit(command)
    except REFUSALS as error:
        return about | _refusal(error)
    talk.wait_for(WRITTEN)
    return about | {"responses": [_altered(talk, topic, errors) for topic in topics]}


def _check_place(talk: Talk, topic: str, partition: int) -> None:
    """Raises StreamNotFound, Refused."""
    check(talk, READ, STREAM, topic)
    if not 0 <= partition < talk.find(topic).partition_count:
        raise StreamNotFound(f"{topic}-{partition}")


def _altered(talk: Talk, topic: Message, errors: dict[tuple[str, int], Exception]) -> Message:
    name = topic["topic_name"]
    indexes = [part["partition_index"] for part in topic["partitions"]]
    return {
        "topic_name": name,
        "topic_id": _uuid(talk, name),
        "partitions": [
            {
                "partition_index": at,
                **(_refusal(errors[name, at]) if (name, at) in errors else _FINE),
            }
            for at in indexes
        ],
    }


def _uuid(talk: Talk, topic: str) -> bytes:
    try:
        uuid: bytes = talk.session.submit(DescribeStream(name=topic)).uuid
    except StreamNotFound:
        return NO_UUID
    return uuid


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteShareGroupOffsets: the group reads these topics no more."""
    group = message["group_id"]
    names = tuple(topic["topic_name"] for topic in message["topics"])
    about: Message = {**_FINE, "responses": []}
    try:
        check_group(talk, group)
        known: list[bool] = talk.session.submit(ForgetShares(group=group, streams=names))
    except REFUSALS as error:
        return about | _refusal(error)
    talk.wait_for(WRITTEN)
    missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    unknown = {"error_code": missing, "error_message": missing.message}
    return about | {
        "responses": [
            {
                "topic_name": name,
                "topic_id": _uuid(talk, name),
                **(_FINE if is_known else unknown),
            }
            for name, is_known in zip(names, known, strict=True)
        ]
    }
