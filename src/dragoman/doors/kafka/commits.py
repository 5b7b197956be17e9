"""OffsetCommit, OffsetFetch and OffsetDelete: cursors of groups. Topics go by name, from version 10 on by id."""

from collections.abc import Iterator
from typing import Any, Final

from dragoman.doors.kafka.allowed import denied, may
from dragoman.doors.kafka.errors import REFUSALS, code_of
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.metadata import NO_ID
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    DESCRIBE,
    READ,
    STREAM,
    AssignedInfo,
    CheckEpoch,
    CommitCursors,
    CursorInfo,
    DeleteCursors,
    DescribeAssigned,
    DescribeGroup,
    GroupInfo,
    GroupKind,
    ListCursors,
    PendingCursors,
)
from dragoman.model.errors import AccessRefused, GroupNotFound, StreamNotFound
from dragoman.model.levels import WRITTEN
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
Cursor = tuple[str, int, int, int, str]  # topic, partition, offset, leader epoch, metadata

IDS_FROM: Final = 10
MANY_FROM: Final = 8  # version of OffsetFetch that asks for several groups (KIP-709)
NO_OFFSET: Final = -1


def serve_commit(talk: Talk, request: Request, message: Message) -> Message:
    """OffsetCommit: answered once it would survive a crash of the process."""
    by_id = request.version >= IDS_FROM
    topics = [Topic(talk, topic, by_id=by_id) for topic in message["topics"]]
    try:
        check_group(talk, message["group_id"])
        cursors = tuple(cursor for topic in topics for cursor in topic.cursors())
        throttle_ms = charge(talk, message["group_id"], cursors)
        taken = iter(
            talk.session.submit(
                CommitCursors(
                    group=message["group_id"],
                    member_id=message["member_id"],
                    instance_id=message["group_instance_id"],
                    generation=message["generation_id_or_member_epoch"],
                    cursors=cursors,
                )
            )
        )
        talk.wait_for(WRITTEN)
    except REFUSALS as error:
        code = code_of(error)
        return {"topics": [topic.spelled([code] * len(topic.codes)) for topic in topics]}
    return {
        "throttle_time_ms": throttle_ms,
        "topics": [topic.taken(taken) for topic in topics],
    }


def charge(talk: Talk, group: str, cursors: tuple[Cursor, ...]) -> int:
    """The throttle time of a commit. Raises Refused."""
    partitions = [(name, index) for name, index, *_ in cursors]
    throttle_ms = talk.limits.commit(group, partitions, talk.session.elapsed_ms())
    talk.mute(throttle_ms)
    return throttle_ms


class Topic:
    """A topic of a commit, and what is wrong with each of its partitions before the kernel is asked."""

    def __init__(self, talk: Talk, topic: Message, *, by_id: bool) -> None:
        self._topic = topic
        self._name = topic["name"]
        self._metadata_bytes_max = talk.limits.metadata_bytes_max
        missing: int = 0
        if by_id:
            try:
                self._name = talk.find(topic["topic_id"]).name
            except StreamNotFound:
                missing = ErrorCode.UNKNOWN_TOPIC_ID
            except AccessRefused as error:
                missing = code_of(error)
        missing = missing or denied(talk, READ, STREAM, self._name)
        self.codes = [missing or self._judge(part) for part in topic["partitions"]]

    def _judge(self, part: Message) -> int:
        text = part["committed_metadata"] or ""
        if len(text.encode()) > self._metadata_bytes_max:
            return ErrorCode.OFFSET_METADATA_TOO_LARGE
        return ErrorCode.INVALID_REQUEST if part["committed_offset"] < 0 else 0

    def cursors(self) -> list[Cursor]:
        return [
            (
                self._name,
                part["partition_index"],
                part["committed_offset"],
                part["committed_leader_epoch"],
                part["committed_metadata"] or "",
            )
            for part, code in zip(self._topic["partitions"], self.codes, strict=True)
            if not code
        ]

    def taken(self, taken: Iterator[bool]) -> Message:
        """The answer, with what the kernel said of each cursor it was given."""
        missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return self.spelled([code or (0 if next(taken) else missing) for code in self.codes])

    def spelled(self, codes: list[int]) -> Message:
        return {
            "name": self._topic["name"],
            "topic_id": self._topic["topic_id"],
            "partitions": [
                {"partition_index": part["partition_index"], "error_code": code}
                for part, code in zip(self._topic["partitions"], codes, strict=True)
            ],
        }


def serve_fetch(talk: Talk, request: Request, message: Message) -> Message:
    """OffsetFetch: what a group, or from version 8 on several, have committed."""
    stable_only = bool(message.get("require_stable"))
    if request.version >= MANY_FROM:
        return {
            "groups": [
                _group_of_member(talk, group, request.version, stable_only=stable_only)
                for group in message["groups"]
            ]
        }
    found = _group(
        talk, message["group_id"], message["topics"], request.version, stable_only=stable_only
    )
    return {"topics": found["topics"], "error_code": found["error_code"]}


def _group_of_member(talk: Talk, group: Message, version: int, *, stable_only: bool) -> Message:
    """As `_group`, for a member only while it is at the epoch it names."""
    name = group["group_id"]
    try:
        if group.get("member_id") is not None and group["member_epoch"] >= 0:
            check = CheckEpoch(
                group=name, member_id=group["member_id"], epoch=group["member_epoch"]
            )
            talk.session.submit(check)
    except REFUSALS as error:
        return {"group_id": name, "topics": [], "error_code": code_of(error)}
    return _group(talk, name, group["topics"], version, stable_only=stable_only)


def _group(
    talk: Talk, name: str, topics: list[Message] | None, version: int, *, stable_only: bool
) -> Message:
    try:
        check_group(talk, name)
        cursors: list[CursorInfo] = talk.session.submit(ListCursors(group=name))
    except REFUSALS as error:
        return {"group_id": name, "topics": [], "error_code": code_of(error)}
    known: dict[str | bytes, dict[int, CursorInfo]] = {}
    pending = _pending(talk, name) if stable_only else set()
    by_id = version >= IDS_FROM
    for cursor in cursors:
        known.setdefault(cursor.uuid if by_id else cursor.stream, {})[cursor.partition] = cursor
    if topics is None:
        names = {cursor.uuid if by_id else cursor.stream: cursor.stream for cursor in cursors}
        wanted = [
            (topic, list(found))
            for topic, found in known.items()
            if may(talk, DESCRIBE, STREAM, names[topic])
        ]
    else:
        field = "topic_id" if by_id else "name"
        wanted = [(topic[field], topic["partition_indexes"]) for topic in topics]
    return {
        "group_id": name,
        "topics": [
            _topic(
                talk,
                topic,
                parts,
                known.get(topic, {}),
                pending,
            )
            for topic, parts in wanted
        ],
        "error_code": 0,
    }


def _pending(talk: Talk, group: str) -> set[tuple[str, int]]:
    """Where an open transaction may yet move the group's offsets (KIP-447)."""
    return set(talk.session.submit(PendingCursors(group=group)))


def _topic(
    talk: Talk,
    topic: str | bytes,
    partitions: list[int],
    known: dict[int, CursorInfo],
    pending: set[tuple[str, int]],
) -> Message:
    code: int = 0
    name = topic
    if isinstance(topic, bytes):
        try:
            name = talk.find(topic).name
        except StreamNotFound:
            code = ErrorCode.UNKNOWN_TOPIC_ID
        except AccessRefused as error:
            code = code_of(error)
    if isinstance(name, str) and not code:
        code = denied(talk, DESCRIBE, STREAM, name)
    return {
        "name": topic if isinstance(topic, str) else "",
        "topic_id": topic if isinstance(topic, bytes) else NO_ID,
        "partitions": [
            _partition(None, index, ErrorCode.UNSTABLE_OFFSET_COMMIT)
            if (name, index) in pending and not code
            else _partition(None if code else known.get(index), index, code)
            for index in partitions
        ],
    }


def _partition(cursor: CursorInfo | None, index: int, code: int) -> Message:
    return {
        "partition_index": index,
        "committed_offset": NO_OFFSET if cursor is None else cursor.offset,
        "committed_leader_epoch": -1 if cursor is None else cursor.epoch,
        "metadata": "" if cursor is None else cursor.metadata,
        "error_code": code,
    }


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """OffsetDelete: not those of topics that members of the group read now."""
    name = message["group_id"]
    try:
        check_group(talk, name)
        group = talk.session.submit(DescribeGroup(group=name))
    except GroupNotFound:
        return {"error_code": ErrorCode.GROUP_ID_NOT_FOUND, "topics": []}
    except REFUSALS as error:
        return {"error_code": code_of(error), "topics": []}
    read = _read_by(talk, group)
    codes = {topic["name"]: _undeletable(talk, topic["name"], read) for topic in message["topics"]}
    wanted = [
        (topic["name"], part["partition_index"])
        for topic in message["topics"]
        for part in topic["partitions"]
        if not codes[topic["name"]]
    ]
    try:
        talk.session.submit(DeleteCursors(group=name, cursors=tuple(wanted)))
    except REFUSALS as error:
        return {"error_code": code_of(error), "topics": []}
    talk.wait_for(WRITTEN)
    return {
        "error_code": 0,
        "topics": [
            {
                "name": topic["name"],
                "partitions": [
                    {
                        "partition_index": part["partition_index"],
                        "error_code": codes[topic["name"]],
                    }
                    for part in topic["partitions"]
                ],
            }
            for topic in message["topics"]
        ],
    }


def _undeletable(talk: Talk, topic: str, read: set[str]) -> int:
    code = denied(talk, READ, STREAM, topic)
    return code or (ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if topic in read else 0)


def _read_by(talk: Talk, group: GroupInfo) -> set[str]:
    """Topics that members of the group have subscribed to."""
    if group.kind is not GroupKind.ASSIGNED:
        return {topic for member in group.members for topic in subscribed_topics(member.metadata)}
    info: AssignedInfo = talk.session.submit(DescribeAssigned(group=group.name))
    named = {topic for member in info.members for topic in member.topics}
    return named | {name for member in info.members for _, name, _ in member.target}


def subscribed_topics(metadata: bytes) -> list[str]:
    """Topics in a consumer's subscription (version i16, topics as strings); none when it is something else."""
    topics: list[str] = []
    pos = 6
    count = int.from_bytes(metadata[2:pos], "big", signed=True)
    for _ in range(min(max(count, 0), len(metadata) // 2)):
        size = int.from_bytes(metadata[pos : pos + 2], "big", signed=True)
        pos += 2
        if size < 0 or pos + size > len(metadata):
            return []
        topics.append(metadata[pos : pos + size].decode("utf-8", "replace"))
        pos += size
    return topics
