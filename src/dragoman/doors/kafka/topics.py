"""Topics made, deleted, grown and trimmed by admin clients. Replication factors are taken and mean one."""

from typing import Any, Final

from msgspec.structs import replace

from dragoman.doors.kafka import allowed
from dragoman.doors.kafka.allowed import check, may
from dragoman.doors.kafka.configs import TABLE, check_config, described, settings_of
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.metadata import NO_ID, PARTITIONS_DEFAULT
from dragoman.doors.kafka.mutations import Mutations
from dragoman.doors.kafka.names import check_topic
from dragoman.doors.kafka.offsets import partition_at, partitions_of
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    ALTER,
    DECLARE,
    DESCRIBE,
    INSPECT,
    STREAM,
    AlterStream,
    CreateStream,
    DeleteStream,
    DescribeStream,
    StreamInfo,
    StreamSettings,
    TrimStream,
)
from dragoman.model.errors import AlreadyExists, OffsetOutOfRange, StreamNotFound
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
_UNSEEN: Final = {
    "topic_config_error_code": ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    "num_partitions": -1,
    "replication_factor": -1,
    "configs": [],
}
"""Of a topic made by somebody who may not see its configurations."""

NOT_GIVEN: Final = -1
PARTITIONS_MAX: Final = 10_000


def serve_create(talk: Talk, request: Request, message: Message) -> Message:
    """CreateTopics."""
    names = [topic["name"] for topic in message["topics"]]
    answers: list[Message] = []
    mutations = Mutations(talk, request)
    for topic in message["topics"]:
        try:
            if names.count(topic["name"]) > 1:
                raise Refused(ErrorCode.INVALID_REQUEST, "the topic is named twice")
            info = _create(talk, topic, mutations, is_trial=message["validate_only"])
            may_inspect = may(talk, INSPECT, STREAM, topic["name"])
            answers.append(_created(topic["name"], info) | ({} if may_inspect else _UNSEEN))
        except REFUSALS as error:
            answers.append(
                {
                    "name": topic["name"],
                    "topic_id": NO_ID,
                    "error_code": code_of(error),
                    "error_message": why(error),
                    "configs": [],
                }
            )
    talk.wait_for(SYNCED)
    return {"topics": answers, "throttle_time_ms": mutations.throttle_ms}


def _create(
    talk: Talk, topic: Message, mutations: Mutations, *, is_trial: bool
) -> tuple[bytes, StreamSettings]:
    name = topic["name"]
    check_topic(name)
    check(talk, DECLARE, STREAM, name, DECLARE)
    if _exists(talk, name):
        raise AlreadyExists(f"the topic {name} exists")
    notes = {
        given["name"]: check_config(given["name"], given["value"]) for given in topic["configs"]
    }
    settings = settings_of(notes, _partition_count(topic))
    if is_trial:
        return NO_ID, settings
    mutations.check()
    info: StreamInfo = talk.session.submit(CreateStream(name=name, settings=settings))
    mutations.count(settings.partitions)
    return info.uuid, info.settings


def _exists(talk: Talk, name: str) -> bool:
    try:
        talk.find(name)
    except StreamNotFound:
        return False
    return True


def _partition_count(topic: Message) -> int:
    """Raises Refused."""
    assigned = [given["partition_index"] for given in topic["assignments"]]
    count: int = topic["num_partitions"]
    if assigned:
        if count != NOT_GIVEN or topic["replication_factor"] != NOT_GIVEN:
            raise Refused(ErrorCode.INVALID_REQUEST, "partitions are counted or assigned, not both")
        if sorted(assigned) != list(range(len(assigned))):
            raise Refused(ErrorCode.INVALID_REPLICA_ASSIGNMENT, "partitions go from 0 up")
        count = len(assigned)
    if count == NOT_GIVEN:
        return PARTITIONS_DEFAULT
    if not 0 < count <= PARTITIONS_MAX:
        raise Refused(ErrorCode.INVALID_PARTITIONS, f"1 to {PARTITIONS_MAX} partitions")
    factor = topic["replication_factor"]
    if (not assigned and factor < NOT_GIVEN) or factor == 0:
        raise Refused(ErrorCode.INVALID_REPLICATION_FACTOR)
    return count


def _created(name: str, made: tuple[bytes, StreamSettings]) -> Message:
    uuid, settings = made
    configs: list[Message] = []
    for config in TABLE.values():
        value, is_set = described(config, settings)
        configs.append(
            {
                "name": config.name,
                "value": value,
                "read_only": False,
                "config_source": 1 if is_set else 5,
                "is_sensitive": False,
            }
        )
    return {
        "name": name,
        "topic_id": uuid,
        "error_code": 0,
        "error_message": None,
        "num_partitions": settings.partitions,
        "replication_factor": 1,
        "configs": configs,
    }


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteTopics: by name, from version 6 on also by id."""
    wanted: list[tuple[str | None, bytes]] = [
        (topic["name"], topic["topic_id"]) for topic in message.get("topics", ())
    ]
    wanted += [(name, NO_ID) for name in message.get("topic_names", ())]
    answers: list[Message] = []
    mutations = Mutations(talk, request)
    for name, uuid in wanted:
        code, text, found = 0, None, name
        try:
            found = talk.find(uuid).name if name is None else name
            mutations.check()
            info: StreamInfo = talk.session.submit(DeleteStream(name=found))
            mutations.count(len(info.partitions))
            uuid = info.uuid  # noqa: PLW2901 - the answer tells both
        except REFUSALS as error:
            code, text = code_of(error), why(error)
            is_hidden = found is None or not may(talk, DESCRIBE, STREAM, found)
            if name is None and (isinstance(error, StreamNotFound) or is_hidden):
                code = ErrorCode.UNKNOWN_TOPIC_ID
        answers.append({"name": found, "topic_id": uuid, "error_code": code, "error_message": text})
    talk.wait_for(SYNCED)
    return {"responses": answers, "throttle_time_ms": mutations.throttle_ms}


def serve_grow(talk: Talk, request: Request, message: Message) -> Message:
    """CreatePartitions."""
    answers: list[Message] = []
    mutations = Mutations(talk, request)
    for topic in message["topics"]:
        code, text = 0, None
        try:
            _grow(talk, topic, mutations, is_trial=message["validate_only"])
        except REFUSALS as error:
            code, text = code_of(error), why(error)
        answers.append({"name": topic["name"], "error_code": code, "error_message": text})
    talk.wait_for(SYNCED)
    return {"results": answers, "throttle_time_ms": mutations.throttle_ms}


def _grow(talk: Talk, topic: Message, mutations: Mutations, *, is_trial: bool) -> None:
    name, count = topic["name"], topic["count"]
    allowed.check_topic(talk, ALTER, name)
    info: StreamInfo = talk.session.submit(DescribeStream(name=name))
    have = len(info.partitions)
    if not have < count <= PARTITIONS_MAX:
        raise Refused(
            ErrorCode.INVALID_PARTITIONS,
            f"the topic has {have} partitions: they can grow, to {PARTITIONS_MAX} at most",
        )
    if not is_trial:
        mutations.check()
        talk.session.submit(
            AlterStream(name=name, settings=replace(info.settings, partitions=count))
        )
        mutations.count(count - have)


def serve_trim(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteRecords."""
    answer = [
        {
            "name": topic["name"],
            "partitions": [_trim(talk, topic["name"], part) for part in topic["partitions"]],
        }
        for topic in message["topics"]
    ]
    talk.wait_for(SYNCED)
    return {"topics": answer}


def _trim(talk: Talk, topic: str, part: Message) -> Message:
    index, offset = part["partition_index"], part["offset"]
    try:
        info = partition_at(partitions_of(talk, topic), index)
        if offset < NOT_GIVEN or (offset >= 0 and offset < info.start):
            raise OffsetOutOfRange(str(offset))
        start = talk.session.submit(TrimStream(name=topic, partition=index, offset=offset))
    except REFUSALS as error:
        return {"partition_index": index, "low_watermark": -1, "error_code": code_of(error)}
    return {"partition_index": index, "low_watermark": start, "error_code": 0}
