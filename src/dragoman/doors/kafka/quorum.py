"""DescribeQuorum: the one node leads itself. What Kafka keeps in a log of metadata is in the journal here.

leader epoch          how often the store was started, as of every partition
high watermark        the last position of the journal that is on disk
log end               the last position that was decided
"""

from typing import Any, Final

from dragoman.doors.kafka.allowed import denied
from dragoman.doors.kafka.talk import NODE_ID, Request, Talk
from dragoman.kernel.api import DESCRIBE, NAMESPACE
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

LOG: Final = ("__cluster_metadata", 0)
NO_DIRECTORY: Final = bytes(16)  # as of a quorum that is configured and never changes
NONE: Final = -1


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeQuorum."""
    refused = denied(talk, DESCRIBE, NAMESPACE)
    host, port = talk.address()
    listener = {"name": _listener(talk), "host": host, "port": port}
    return {
        "error_code": refused,
        "error_message": ErrorCode(refused).message if refused else None,
        "topics": [] if refused else [_topic(talk, topic) for topic in message["topics"]],
        "nodes": [] if refused else [{"node_id": NODE_ID, "listeners": [listener]}],
    }


def _listener(talk: Talk) -> str:
    """Named after what it speaks, as Kafka's are by default."""
    name = "SSL" if talk.connection.is_tls else "PLAINTEXT"
    return f"SASL_{name}" if talk.proved else name


def _topic(talk: Talk, topic: Message) -> Message:
    name = topic["topic_name"]
    indexes = [part["partition_index"] for part in topic["partitions"]]
    return {
        "topic_name": name,
        "partitions": [
            _led(talk, index) if (name, index) == LOG else _unknown(index) for index in indexes
        ],
    }


def _led(talk: Talk, index: int) -> Message:
    end = talk.session.position()
    voter = {
        "replica_id": NODE_ID,
        "replica_directory_id": NO_DIRECTORY,
        "log_end_offset": end,
        "last_fetch_timestamp": NONE,
        "last_caught_up_timestamp": talk.session.wall_ms(),
    }
    return {
        "partition_index": index,
        "error_code": 0,
        "error_message": None,
        "leader_id": NODE_ID,
        "leader_epoch": talk.leader_epoch(),
        "high_watermark": min(talk.session.reached(SYNCED), end),
        "current_voters": [voter],
        "observers": [],
    }


def _unknown(index: int) -> Message:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return {
        "partition_index": index,
        "error_code": code,
        "error_message": code.message,
        "leader_id": NONE,
        "leader_epoch": NONE,
        "high_watermark": NONE,
        "current_voters": [],
        "observers": [],
    }
