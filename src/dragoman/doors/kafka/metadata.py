"""Metadata and DescribeCluster: one node, every partition led by it, at the address the client came to.

A topic that is not there is made when the client allows it, and is in the same answer: clients wait for it in a loop
of their own otherwise.
"""

from typing import Any, Final

from dragoman.doors.kafka.allowed import check, may, operations
from dragoman.doors.kafka.configs import settings_of
from dragoman.doors.kafka.errors import DENIED, REFUSALS, Refused, code_of
from dragoman.doors.kafka.names import check_topic, is_topic
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import (
    DECLARE,
    DESCRIBE,
    NAMESPACE,
    STREAM,
    CreateStream,
    DescribeStream,
    GetListing,
    Listing,
    ListStreams,
    StreamInfo,
)
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.kafka.codec import encode_response_frame, numbered
from dragoman.wire.kafka.errors import ErrorCode

METADATA: Final = 3  # key of the API
PARTITIONS_DEFAULT: Final = 1
PARTITIONS_IN_PAGE_MAX: Final = 2_000  # of DescribeTopicPartitions, as in Kafka
NO_ID: Final = bytes(16)
ASKED: Final = ("include_topic_authorized_operations", "include_cluster_authorized_operations")
BROKERS: Final = 1  # what DescribeCluster can be asked for (KIP-919): brokers, controllers

Message = dict[str, Any]


def serve_metadata(talk: Talk, request: Request, message: Message) -> Message | None:
    """Metadata: the topics asked for, or all of them."""
    wanted = message["topics"]
    if wanted is None or (request.version == 0 and not wanted):
        if any(message.get(asked) for asked in ASKED):
            listing: Listing = talk.session.submit(GetListing())
            return _answer(talk, _topics(talk, listing), message)
        _answer_all(talk, request)
        return None
    may_create = bool(message["allow_auto_topic_creation"])
    return _answer(talk, [_wanted(talk, topic, may_create=may_create) for topic in wanted], message)


def _answer_all(talk: Talk, request: Request) -> None:
    """All topics that the client may see, as bytes that are kept until some topic or grant changes: of a thousand they
    take long to make.
    """
    listing: Listing = talk.session.submit(GetListing())
    key = (METADATA, request.version, talk.address(), talk.leader_epoch())
    frame = listing.kept.get(key)
    if frame is None:
        answer = _answer(talk, _topics(talk, listing), {})
        frame = encode_response_frame(METADATA, request.version, 0, answer)
        listing.keep(key, frame)
    talk.send(0, APPLIED, numbered(frame, request.correlation_id))


def _topics(talk: Talk, listing: Listing) -> list[Message]:
    return [_topic(talk, *row) for row in listing.streams if is_topic(row[0])]


def _answer(talk: Talk, topics: list[Message], message: Message) -> Message:
    host, port = talk.address()
    if message.get("include_topic_authorized_operations"):
        for topic in topics:
            is_there = not topic["error_code"]
            bits = operations(talk, STREAM, topic["name"], is_there)
            topic["topic_authorized_operations"] = bits
    asked = message.get("include_cluster_authorized_operations")
    return {
        "brokers": [{"node_id": NODE_ID, "host": host, "port": port}],
        "cluster_id": talk.session.node().cluster_id,
        "controller_id": NODE_ID,
        "topics": topics,
        "cluster_authorized_operations": _cluster_operations(talk, asked),
        "error_code": 0,
    }


def _cluster_operations(talk: Talk, asked: Any) -> int:
    """None of them where the cluster may not even be described."""
    if asked and not may(talk, DESCRIBE, NAMESPACE):
        return 0
    return operations(talk, NAMESPACE, "", asked)


def _wanted(talk: Talk, topic: Message, *, may_create: bool) -> Message:
    name = topic["name"]
    uuid = topic["topic_id"]
    try:
        if name is None:
            name = talk.find(uuid).name
            check(talk, DESCRIBE, STREAM, name)
        info = describe(talk, name, may_create=may_create)
        return _topic(talk, info.name, info.uuid, len(info.partitions))
    except REFUSALS as error:
        code = code_of(error)
        if uuid != NO_ID and (code in DENIED.values() or isinstance(error, StreamNotFound)):
            name, code = None, ErrorCode.UNKNOWN_TOPIC_ID  # nobody learns a name by an id
        return {
            "error_code": code,
            "name": name if name is not None else "",
            "topic_id": uuid or NO_ID,
            "partitions": [],
        }


def describe(talk: Talk, name: str, *, may_create: bool) -> StreamInfo:
    """The topic, made now if it may be. Raises Refused, KernelError."""
    if may_create and not may(talk, DESCRIBE, STREAM, name):
        check_unseen(talk, name)
    else:
        check(talk, DESCRIBE, STREAM, name)
    try:
        info: StreamInfo = talk.session.submit(DescribeStream(name=name))
    except StreamNotFound:
        check_topic(name)
        if not may_create:
            raise
        settings = settings_of({}, PARTITIONS_DEFAULT)
        info = talk.session.submit(CreateStream(name=name, settings=settings, attach=True))
        talk.wait_for(SYNCED)
    if not is_topic(name):
        raise Refused(ErrorCode.INVALID_TOPIC_EXCEPTION)
    return info


def check_unseen(talk: Talk, name: str) -> None:
    """Whoever may make a topic and not see it is let make one that is not there. Raises Refused."""
    check(talk, DECLARE, STREAM, name, DECLARE)
    with talk.as_broker():
        try:
            talk.find(name)
        except StreamNotFound:
            return
    check(talk, DESCRIBE, STREAM, name)


def _topic(talk: Talk, name: str, uuid: bytes, partition_count: int) -> Message:
    epoch = talk.leader_epoch()
    return {
        "error_code": 0,
        "name": name,
        "topic_id": uuid,
        "partitions": [
            {
                "error_code": 0,
                "partition_index": index,
                "leader_id": NODE_ID,
                "leader_epoch": epoch,
                "replica_nodes": [NODE_ID],
                "isr_nodes": [NODE_ID],
                "offline_replicas": [],
                "eligible_leader_replicas": [],  # null is allowed, and more than Java's clients bear
                "last_known_elr": [],
            }
            for index in range(partition_count)
        ],
    }


def serve_partitions(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeTopicPartitions: topics by name, in pages of partitions; the next one begins at the cursor."""
    wanted = sorted(topic["name"] for topic in message["topics"])
    if not wanted:
        streams: list[StreamInfo] = talk.session.submit(ListStreams())
        wanted = sorted(info.name for info in streams if is_topic(info.name))
    cursor = message["cursor"] or {"topic_name": "", "partition_index": 0}
    left = min(max(message["response_partition_limit"], 1), PARTITIONS_IN_PAGE_MAX)
    topics: list[Message] = []
    for name in (name for name in wanted if name >= cursor["topic_name"]):
        if left <= 0:
            return {"topics": topics, "next_cursor": {"topic_name": name, "partition_index": 0}}
        topic = _wanted(talk, {"name": name, "topic_id": NO_ID}, may_create=False)
        first = max(cursor["partition_index"], 0) if name == cursor["topic_name"] else 0
        found = topic["partitions"][first:]
        bits = operations(talk, STREAM, name, not topic["error_code"])
        topics.append(topic | {"partitions": found[:left], "topic_authorized_operations": bits})
        if len(found) > left:
            rest = {"topic_name": name, "partition_index": first + left}
            return {"topics": topics, "next_cursor": rest}
        left -= len(found)
    return {"topics": topics, "next_cursor": None}


def serve_cluster(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeCluster."""
    host, port = talk.address()
    if message.get("endpoint_type", BROKERS) != BROKERS:
        return {
            "error_code": ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
            "error_message": "only brokers can be described",
            "endpoint_type": message["endpoint_type"],
            "cluster_id": "",
            "brokers": [],
        }
    return {
        "error_code": 0,
        "cluster_id": talk.session.node().cluster_id,
        "controller_id": NODE_ID,
        "brokers": [{"broker_id": NODE_ID, "host": host, "port": port, "is_fenced": False}],
        "cluster_authorized_operations": _cluster_operations(
            talk, message["include_cluster_authorized_operations"]
        ),
    }
