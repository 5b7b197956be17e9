"""DescribeProducers, DescribeTransactions and ListTransactions: who writes, and what is open."""

from typing import Any, Final

from dragoman.doors.kafka.allowed import denied, may
from dragoman.doors.kafka.errors import REFUSALS, code_of, why
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.doors.kafka.transactions import COORDINATOR_EPOCH
from dragoman.kernel.api import (
    DESCRIBE,
    STREAM,
    TRANSACTION,
    ListProducers,
    ListTransactions,
    ProducerInfo,
    TransactionInfo,
)
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]

# Kafka's names of states. A transaction ends in one atomic set here: none is ever being prepared.
ONGOING: Final = "Ongoing"
STATES: Final = (
    "Empty",
    ONGOING,
    "PrepareCommit",
    "PrepareAbort",
    "CompleteCommit",
    "CompleteAbort",
    "PrepareEpochFence",
    "Dead",
)
NONE: Final = -1


def serve_producers(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeProducers."""
    return {
        "topics": [
            {
                "name": topic["name"],
                "partitions": [
                    _producers(talk, topic["name"], index) for index in topic["partition_indexes"]
                ],
            }
            for topic in message["topics"]
        ]
    }


def _producers(talk: Talk, name: str, index: int) -> Message:
    try:
        found: list[ProducerInfo] = talk.session.submit(ListProducers(name=name, partition=index))
    except REFUSALS as error:
        return {
            "partition_index": index,
            "error_code": code_of(error),
            "error_message": why(error),
            "active_producers": [],
        }
    return {
        "partition_index": index,
        "error_code": 0,
        "error_message": None,
        "active_producers": [
            {
                "producer_id": known.id,
                "producer_epoch": known.epoch,
                "last_sequence": known.last_sequence,
                "last_timestamp": known.stored_ms,
                "coordinator_epoch": COORDINATOR_EPOCH,
                "current_txn_start_offset": known.open_since,
            }
            for known in found
        ],
    }


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeTransactions."""
    known: list[TransactionInfo] = talk.session.submit(ListTransactions())
    by_id = {info.transactional_id: info for info in known}
    return {
        "transaction_states": [
            _described(talk, by_id.get(name), name) for name in message["transactional_ids"]
        ]
    }


def _described(talk: Talk, info: TransactionInfo | None, name: str) -> Message:
    if info is None:
        code = denied(talk, DESCRIBE, TRANSACTION, name)
        return {
            "error_code": code or ErrorCode.TRANSACTIONAL_ID_NOT_FOUND,
            "transactional_id": name,
            "transaction_state": "",
            "transaction_timeout_ms": 0,
            "transaction_start_time_ms": NONE,
            "producer_id": NONE,
            "producer_epoch": NONE,
            "topics": [],
        }
    topics: dict[str, list[int]] = {}
    for topic, index in info.partitions:
        if may(talk, DESCRIBE, STREAM, topic):
            topics.setdefault(topic, []).append(index)
    return {
        "error_code": 0,
        "transactional_id": name,
        "transaction_state": state_of(info),
        "transaction_timeout_ms": info.timeout_ms,
        "transaction_start_time_ms": info.began_ms if info.is_open else NONE,
        "producer_id": info.producer_id,
        "producer_epoch": info.epoch,
        "topics": [
            {"topic": topic, "partitions": sorted(indexes)} for topic, indexes in topics.items()
        ],
    }


def state_of(info: TransactionInfo) -> str:
    """Kafka's name for where it stands."""
    if info.is_open:
        return ONGOING
    if info.outcome is None:
        return "Empty"
    return "CompleteCommit" if info.outcome else "CompleteAbort"


def serve_list(talk: Talk, request: Request, message: Message) -> Message:
    """ListTransactions; filters that are given must all hold."""
    import re2  # noqa: PLC0415 - most brokers never see one

    try:
        pattern = re2.compile(message.get("transactional_id_pattern") or ".*")
    except re2.error:
        return _listed(ErrorCode.INVALID_REGULAR_EXPRESSION, [], [])
    states, producers = message["state_filters"], message["producer_id_filters"]
    age_min_ms = message.get("duration_filter", NONE)
    began_max_ms = talk.session.wall_ms() - age_min_ms
    known: list[TransactionInfo] = talk.session.submit(ListTransactions())
    found = [
        info
        for info in known
        if (not states or state_of(info) in states)
        and (not producers or info.producer_id in producers)
        and (age_min_ms < 0 or (info.is_open and info.began_ms <= began_max_ms))
        and pattern.fullmatch(info.transactional_id)
    ]
    return _listed(0, [name for name in states if name not in STATES], found)


def _listed(code: int, unknown: list[str], found: list[TransactionInfo]) -> Message:
    return {
        "error_code": code,
        "unknown_state_filters": unknown,
        "transaction_states": [
            {
                "transactional_id": info.transactional_id,
                "producer_id": info.producer_id,
                "transaction_state": state_of(info),
            }
            for info in found
        ],
    }
