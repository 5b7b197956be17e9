"""Transactions: partitions and offsets added to one, and its end. The kernel keeps and ends them; markers are ours.

A marker is the control batch that Kafka's clients expect where a transaction ends; the one for an abort is handed over
when a transaction begins, so that time or a successor can end it without us.
"""

from typing import Any, Final

from dragoman.doors.kafka.allowed import check, denied
from dragoman.doors.kafka.commits import Topic, charge
from dragoman.doors.kafka.errors import REFUSALS, code_of
from dragoman.doors.kafka.groups import check_group
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import (
    GROUP,
    READ,
    SEND,
    STREAM,
    TRANSACTION,
    AddCursors,
    AddToTransaction,
    CommitCursors,
    EndTransaction,
    ProducerIdentity,
)
from dragoman.model.errors import ProducerFenced, UnknownProducer
from dragoman.model.levels import KAFKA, SYNCED, WRITTEN
from dragoman.wire.kafka.errors import ErrorCode
from dragoman.wire.kafka.records import build_marker

Message = dict[str, Any]

FENCED_FROM: Final = (
    2  # version of these requests from which a fenced producer is told so by name (KIP-588)
)
MANY_FROM: Final = 4  # version of AddPartitionsToTxn with several transactions (KIP-890)
MOVING_FROM: Final = 5  # version of EndTxn that ends a transaction's epoch, too (KIP-890)
COORDINATOR_EPOCH: Final = 0
EPOCH_MAX: Final = (1 << 15) - 1


def refusal_of(error: Exception, version: int, fenced_from: int = FENCED_FROM) -> int:
    """Kafka has its own words for a producer that is not the present one."""
    if isinstance(error, ProducerFenced):
        is_named = version >= fenced_from
        return ErrorCode.PRODUCER_FENCED if is_named else ErrorCode.INVALID_PRODUCER_EPOCH
    if isinstance(error, UnknownProducer):
        return ErrorCode.INVALID_PRODUCER_ID_MAPPING
    return code_of(error)


def _marker(talk: Talk, producer: Message, *, is_commit: bool, moves: bool) -> bytes:
    """As Kafka: an end that moves the producer on has its next epoch, and so has every abort by somebody else."""
    return build_marker(
        is_commit=is_commit,
        producer_id=producer["producer_id"],
        producer_epoch=min(producer["producer_epoch"] + moves, EPOCH_MAX),
        coordinator_epoch=COORDINATOR_EPOCH,
        timestamp_ms=talk.session.wall_ms(),
    )


def begin(talk: Talk, producer: Message, partitions: tuple[tuple[str, int], ...]) -> None:
    """The producer may write to these; it has a transaction open from here on. Raises REFUSALS."""
    talk.session.submit(
        AddToTransaction(
            transactional_id=producer["transactional_id"],
            producer_id=producer["producer_id"],
            epoch=producer["producer_epoch"],
            partitions=partitions,
            format=KAFKA,
            abort_marker=_marker(talk, producer, is_commit=False, moves=True),
        )
    )
    talk.wait_for(WRITTEN)


def serve_add_partitions(talk: Talk, request: Request, message: Message) -> Message:
    """AddPartitionsToTxn: all of a transaction's, or none."""
    version = request.version
    if version < MANY_FROM:
        return {"results_by_topic": _added(talk, message, version)}
    return {
        "error_code": 0,
        "results_by_transaction": [
            {
                "transactional_id": given["transactional_id"],
                "topic_results": _added(talk, given, version),
            }
            for given in message["transactions"]
        ],
    }


def _added(talk: Talk, producer: Message, version: int) -> list[Message]:
    topics = producer["topics"]
    writer = producer["transactional_id"]
    refused = denied(talk, SEND, TRANSACTION, writer)
    missing = {} if refused else _unwritable(talk, topics)
    code: int = refused or (ErrorCode.OPERATION_NOT_ATTEMPTED if missing else 0)
    if not code:
        wanted = tuple((topic["name"], index) for topic in topics for index in topic["partitions"])
        try:
            begin(talk, producer, wanted)
        except REFUSALS as error:
            code = refusal_of(error, version)
    return [
        {
            "name": topic["name"],
            "results_by_partition": [
                {
                    "partition_index": index,
                    "partition_error_code": missing.get((topic["name"], index), code),
                }
                for index in topic["partitions"]
            ],
        }
        for topic in topics
    ]


def _unwritable(talk: Talk, topics: list[Message]) -> dict[tuple[str, int], int]:
    """Partitions that cannot be written to, and why."""
    found: dict[tuple[str, int], int] = {}
    for topic in topics:
        name = topic["name"]
        code = denied(talk, SEND, STREAM, name)
        for index in topic["partitions"]:
            if code or not _is_there(talk, name, index):
                found[name, index] = code or ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return found


def _is_there(talk: Talk, name: str, index: int) -> bool:
    try:
        return 0 <= index < talk.find(name).partition_count
    except REFUSALS:
        return False


def serve_add_offsets(talk: Talk, request: Request, message: Message) -> Message:
    """AddOffsetsToTxn: the transaction is open from here on; the offsets follow with TxnOffsetCommit."""
    try:
        check_group(talk, message["group_id"])
        check(talk, SEND, TRANSACTION, message["transactional_id"])
        check(talk, READ, GROUP, message["group_id"])
        begin(talk, message, ())
    except REFUSALS as error:
        return {"error_code": refusal_of(error, request.version)}
    return {"error_code": 0}


def serve_commit_offsets(talk: Talk, request: Request, message: Message) -> Message:
    """TxnOffsetCommit: nobody sees them before the transaction commits."""
    topics = [Topic(talk, {"topic_id": b"", **topic}, by_id=False) for topic in message["topics"]]
    commit = CommitCursors(
        group=message["group_id"],
        member_id=message["member_id"],
        instance_id=message["group_instance_id"],
        generation=message["generation_id"],
        cursors=tuple(cursor for topic in topics for cursor in topic.cursors()),
    )
    try:
        check_group(talk, message["group_id"])
        throttle_ms = charge(talk, message["group_id"], commit.cursors)
        taken = iter(
            talk.session.submit(
                AddCursors(
                    transactional_id=message["transactional_id"],
                    producer_id=message["producer_id"],
                    epoch=message["producer_epoch"],
                    commit=commit,
                    format=KAFKA,
                    abort_marker=_marker(talk, message, is_commit=False, moves=True),
                )
            )
        )
        talk.wait_for(WRITTEN)
    except REFUSALS as error:
        code = refusal_of(error, request.version)
        return {"topics": [topic.spelled([code] * len(topic.codes)) for topic in topics]}
    return {
        "throttle_time_ms": throttle_ms,
        "topics": [topic.taken(taken) for topic in topics],
    }


def serve_end(talk: Talk, request: Request, message: Message) -> Message:
    """EndTxn. One that moves the producer on waits for the disk, as InitProducerId does: nobody is given the same epoch
    again, whatever happens.
    """
    moves = request.version >= MOVING_FROM
    is_commit = message["committed"]
    try:
        after: ProducerIdentity = talk.session.submit(
            EndTransaction(
                transactional_id=message["transactional_id"],
                producer_id=message["producer_id"],
                epoch=message["producer_epoch"],
                commit=is_commit,
                marker=_marker(talk, message, is_commit=is_commit, moves=moves),
                moves=moves,
            )
        )
    except REFUSALS as error:
        return {"error_code": refusal_of(error, request.version)}
    talk.wait_for(SYNCED if moves else WRITTEN)
    return {"error_code": 0, "producer_id": after.id, "producer_epoch": after.epoch}


def serve_markers(talk: Talk, request: Request, message: Message) -> Message:
    """WriteTxnMarkers: asked between brokers, and by `kafka-transactions abort` for what its coordinator forgot."""
    code = ErrorCode.CLUSTER_AUTHORIZATION_FAILED
    return {
        "markers": [
            {
                "producer_id": marker["producer_id"],
                "topics": [
                    {
                        "name": topic["name"],
                        "partitions": [
                            {"partition_index": index, "error_code": code}
                            for index in topic["partition_indexes"]
                        ],
                    }
                    for topic in marker["topics"]
                ],
            }
            for marker in message["markers"]
        ]
    }
