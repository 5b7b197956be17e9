"""What operators ask of a cluster, answered for one node: leaders, replicas, log directories, features, resources."""

from collections.abc import Iterable
from typing import Any, Final

from dragoman.doors.kafka import groupconfigs
from dragoman.doors.kafka.allowed import denied
from dragoman.doors.kafka.errors import REFUSALS, code_of
from dragoman.doors.kafka.features import FEATURES
from dragoman.doors.kafka.names import is_topic
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import (
    ALTER,
    DESCRIBE,
    INSPECT,
    NAMESPACE,
    DescribeStream,
    Document,
    ListDocuments,
    ListStreams,
    PartitionInfo,
    StreamInfo,
)
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

LOG_DIR: Final = "data"  # there is one, whatever the operator calls it
TOPIC: Final = 2  # kinds of resources that have configurations
BROKER: Final = 4
GROUP: Final = 32


def _streams(talk: Talk) -> list[StreamInfo]:
    streams: list[StreamInfo] = talk.session.submit(ListStreams())
    return [info for info in streams if is_topic(info.name)]


def _code(talk: Talk, topic: str, index: int, code: int) -> int:
    """`code` for a partition that is there."""
    try:
        is_there = 0 <= index < talk.find(topic).partition_count
    except REFUSALS as error:
        return code_of(error)
    return code if is_there else ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def _text(code: int) -> str | None:
    return ErrorCode(code).message if code else None


def serve_elect(talk: Talk, request: Request, message: Message) -> Message:
    """ElectLeaders: the leader is the one there is. Asked for all partitions, none is named, as in Kafka."""
    needless = ErrorCode.ELECTION_NOT_NEEDED
    refused = denied(talk, ALTER, NAMESPACE)
    return {
        "error_code": refused,
        "replica_election_results": [
            {
                "topic": topic["topic"],
                "partition_result": [
                    {"partition_id": index, "error_code": code, "error_message": _text(code)}
                    for index in topic["partitions"]
                    for code in [_code(talk, topic["topic"], index, needless)]
                ],
            }
            for topic in (not refused and message["topic_partitions"]) or []
        ],
    }


def serve_reassign(talk: Talk, request: Request, message: Message) -> Message:
    """AlterPartitionReassignments: to where they are, and nowhere else."""
    refused = denied(talk, ALTER, NAMESPACE)
    if refused:
        return {"error_code": refused, "error_message": _text(refused), "responses": []}
    return {
        "error_code": 0,
        "error_message": None,
        "responses": [
            {
                "name": topic["name"],
                "partitions": [
                    {
                        "partition_index": part["partition_index"],
                        "error_code": code,
                        "error_message": _text(code),
                    }
                    for part in topic["partitions"]
                    for code in [_reassigned(talk, topic["name"], part)]
                ],
            }
            for topic in message["topics"]
        ],
    }


def _reassigned(talk: Talk, name: str, part: Message) -> int:
    replicas = part["replicas"]
    code: int = 0 if replicas == [NODE_ID] else ErrorCode.INVALID_REPLICA_ASSIGNMENT
    if replicas is None:
        code = ErrorCode.NO_REASSIGNMENT_IN_PROGRESS
    return _code(talk, name, part["partition_index"], code)


def serve_reassignments(talk: Talk, request: Request, message: Message) -> Message:
    """ListPartitionReassignments: none is ever under way."""
    refused = denied(talk, DESCRIBE, NAMESPACE)
    return {"error_code": refused, "error_message": _text(refused), "topics": []}


def serve_move_logs(talk: Talk, request: Request, message: Message) -> Message:
    """AlterReplicaLogDirs: there is one directory."""
    code = denied(talk, ALTER, NAMESPACE) or ErrorCode.LOG_DIR_NOT_FOUND
    return {
        "results": [
            {
                "topic_name": topic["name"],
                "partitions": [
                    {"partition_index": index, "error_code": code} for index in topic["partitions"]
                ],
            }
            for place in message["dirs"]
            for topic in place["topics"]
        ]
    }


def serve_logs(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeLogDirs: bytes of the partitions asked for, or of all; those that are not there are left out."""
    refused = denied(talk, DESCRIBE, NAMESPACE)
    if refused:
        return {"error_code": refused, "results": []}
    wanted = message["topics"]
    if wanted is None:
        found = [_sizes(info, enumerate(info.partitions)) for info in _streams(talk)]
    else:
        found = [_asked(talk, topic["topic"], topic["partitions"]) for topic in wanted]
    topics = [topic for topic in found if topic["partitions"]]
    return {"error_code": 0, "results": [{"error_code": 0, "log_dir": LOG_DIR, "topics": topics}]}


def _asked(talk: Talk, name: str, indexes: list[int]) -> Message:
    try:
        info: StreamInfo = talk.session.submit(DescribeStream(name=name))
    except REFUSALS:
        return {"name": name, "partitions": []}
    return _sizes(info, [(at, part) for at, part in enumerate(info.partitions) if at in indexes])


def _sizes(info: StreamInfo, partitions: Iterable[tuple[int, PartitionInfo]]) -> Message:
    return {
        "name": info.name,
        "partitions": [
            {
                "partition_index": index,
                "partition_size": partition.size_bytes,
                "offset_lag": 0,
                "is_future_key": False,
            }
            for index, partition in partitions
        ],
    }


def serve_features(talk: Talk, request: Request, message: Message) -> Message:
    """UpdateFeatures: to the level they are at, and no other: a release has its levels."""
    refused = denied(talk, ALTER, NAMESPACE)
    if refused:
        return {"error_code": refused, "error_message": _text(refused), "results": []}
    codes = {
        update["feature"]: _updated(update["feature"], update["max_version_level"])
        for update in message["feature_updates"]
    }
    worst = next((code for code in codes.values() if code), 0)
    return {
        "error_code": worst,
        "error_message": _text(worst),
        "results": [
            {"feature": name, "error_code": code, "error_message": _text(code)}
            for name, code in codes.items()
        ],
    }


def _updated(feature: str, level: int) -> int:
    low, high = FEATURES.get(feature, (0, -1))
    if not low <= level <= high:
        return ErrorCode.INVALID_UPDATE_VERSION
    return 0 if level == high else ErrorCode.FEATURE_UPDATE_FAILED


def serve_resources(talk: Talk, request: Request, message: Message) -> Message:
    """ListConfigResources. Version 0 asks for client metrics, of which there are none."""
    refused = denied(talk, INSPECT, NAMESPACE)
    if refused:
        return {"error_code": refused, "config_resources": []}
    kinds = message.get("resource_types") or ([TOPIC, BROKER, GROUP] if request.version else [])
    found = []
    if TOPIC in kinds:
        found += [(TOPIC, info.name) for info in _streams(talk)]
    if BROKER in kinds:
        found.append((BROKER, str(NODE_ID)))
    if GROUP in kinds:
        known: list[Document] = talk.session.submit(ListDocuments(kind=groupconfigs.KIND))
        found += [(GROUP, document.name) for document in known]
    return {
        "error_code": 0,
        "config_resources": [
            {"resource_type": kind, "resource_name": name} for kind, name in found
        ],
    }
