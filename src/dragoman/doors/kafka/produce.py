"""Produce: batches to the kernel, shut as they came. Hot: one decode, one check, one publish, one encode per batch.

The answer is encoded at once, as offsets are known at once; it leaves when the last of its batches is durable enough.
With acks=0 nothing is answered, and a refusal closes the connection, so that its client asks for metadata again.
"""

from typing import Any, Final

from dragoman.doors.kafka.allowed import may
from dragoman.doors.kafka.clientquotas import PRODUCE_RATE
from dragoman.doors.kafka.errors import REFUSALS, Refused, code_of, why
from dragoman.doors.kafka.limits import LimitsCache
from dragoman.doors.kafka.talk import NAMESPACE, Request, Talk
from dragoman.doors.kafka.transactions import begin
from dragoman.kernel.api import SEND, TRANSACTION, Producer, Publish
from dragoman.model.errors import InvalidTransactionState, MessageInvalid
from dragoman.model.levels import APPLIED, KAFKA
from dragoman.wire.kafka.batch import (
    NO_PRODUCER,
    TRANSACTIONAL,
    BatchHead,
    check_batch,
    stamp_batch,
)
from dragoman.wire.kafka.codec import decode_request
from dragoman.wire.kafka.errors import ErrorCode
from dragoman.wire.kafka.produce import (
    VERSION_MIN,
    ProduceResult,
    decode_produce_request,
    encode_produce_response,
)
from dragoman.wire.kafka.records import check_records, check_times

ZSTD_FROM: Final = 7  # version of the request (KIP-110)
ADDING_FROM: Final = 12  # version whose batches need no AddPartitionsToTxn (KIP-890)
UNKNOWN_OFFSET: Final = -1
ACKS: Final = (-1, 0, 1)


class Producing:
    """The produce side of one connection."""

    __slots__ = ("_level", "_limits", "_position", "_talk", "_transaction")

    def __init__(self, talk: Talk, limits: LimitsCache) -> None:
        self._talk = talk
        self._limits = limits
        self._position = 0  # what the answer to the request at hand waits for
        self._level = APPLIED
        self._transaction: str | None = None  # that batches of the request at hand begin or go on

    def serve(self, request: Request) -> None:
        """Raises KafkaCodecError."""
        version = request.version
        if version < VERSION_MIN:
            self._refuse_old(request)
            return
        produce = decode_produce_request(version, request.buf, request.body, request.end)
        self._position = 0
        self._level = APPLIED
        self._transaction = produce.transactional_id if version >= ADDING_FROM else None
        acks = produce.acks
        writer = produce.transactional_id
        is_denied = writer is not None and not may(self._talk, SEND, TRANSACTION, writer)
        results: list[ProduceResult] = []
        failed = False
        for topic, partition, records in produce.parts:
            try:
                if is_denied:
                    raise Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
                if acks not in ACKS:
                    raise Refused(ErrorCode.INVALID_REQUIRED_ACKS)
                results.append(self._append(version, topic, partition, records, acks))
            except REFUSALS as error:
                failed = True
                results.append(_refusal(topic, partition, self._particular(error, topic, records)))
        size = request.end - request.body
        throttle_ms = self._talk.throttle(request.client_id, PRODUCE_RATE, size)
        if acks != 0:
            frame = encode_produce_response(version, request.correlation_id, results, throttle_ms)
            self._talk.send(self._position, self._level, [frame])
        elif failed:
            self._talk.is_closing = True

    def _append(
        self, version: int, topic: str | bytes, partition: int, records: bytes | None, acks: int
    ) -> ProduceResult:
        limits = self._limits.of(topic)
        checks = limits.checks
        checks.has_zstd = version >= ZSTD_FROM
        now_ms = self._talk.session.wall_ms()
        checks.timestamp_max_ms = now_ms + limits.ahead_max_ms
        checks.timestamp_min_ms = now_ms - limits.behind_max_ms
        head = check_batch(records, checks)
        assert records is not None
        stamped_ms = UNKNOWN_OFFSET
        if limits.is_special:
            records, stamped_ms = self._special(limits.needs_keys, limits.stamps, records, now_ms)
        publish = Publish(NAMESPACE, limits.address, KAFKA, [records])
        publish.partition = partition
        if head.record_count > 1:
            publish.packed = head.record_count
        publish.latest_ms = max(head.max_timestamp_ms, 0) if stamped_ms < 0 else stamped_ms
        if head.producer_id != NO_PRODUCER:
            publish.producer = _producer(head)
        try:
            reply = self._talk.session.publish(publish)
        except InvalidTransactionState:
            self._add(publish)
            reply = self._talk.session.publish(publish)
        if acks != 0:
            self._position = max(self._position, reply.position)
            self._level = max(self._level, reply.level)
        return ProduceResult(topic, partition, 0, reply.offset, stamped_ms, UNKNOWN_OFFSET)

    def _particular(self, error: Exception, topic: str | bytes, records: bytes | None) -> Exception:
        """The refusal of a batch for its times, or by a rule, names the records that are at fault."""
        if isinstance(error, MessageInvalid):
            return RecordsRefused(sorted(error.faults.items()))
        if records is None or code_of(error) is not ErrorCode.INVALID_TIMESTAMP:
            return error
        try:
            faults = check_times(records, self._limits.of(topic).checks)
        except REFUSALS:
            return error
        return RecordsRefused(faults, ErrorCode.INVALID_TIMESTAMP) if faults else error

    def _add(self, publish: Publish) -> None:
        """A transaction's first batch to this partition adds it. Raises InvalidTransactionState, and as `begin`."""
        producer = publish.producer
        if self._transaction is None or producer is None:
            raise InvalidTransactionState("the partition was not added")
        who = {
            "transactional_id": self._transaction,
            "producer_id": producer.id,
            "producer_epoch": producer.epoch,
        }
        begin(self._talk, who, ((publish.address.name, publish.partition),))

    def _special(
        self, needs_keys: bool, stamps: bool, records: bytes, now_ms: int
    ) -> tuple[bytes, int]:
        """What only some topics ask for: keys on all records, the broker's time on the batch."""
        if needs_keys:
            faults = check_records(records, needs_keys=True)
            if faults:
                raise RecordsRefused(faults)
        if stamps:
            return stamp_batch(records, now_ms), now_ms
        return records, UNKNOWN_OFFSET

    def _refuse_old(self, request: Request) -> None:
        """Versions 0 to 2 are advertised so that old clients compress, and refused: they carry old formats."""
        old = decode_request(0, request.version, request.buf, request.body, request.end)
        if old["acks"] == 0:
            self._talk.is_closing = True
            return
        responses: list[dict[str, Any]] = [
            {
                "name": topic["name"],
                "partition_responses": [
                    {
                        "index": part["index"],
                        "error_code": ErrorCode.UNSUPPORTED_VERSION,
                        "base_offset": UNKNOWN_OFFSET,
                    }
                    for part in topic["partition_data"]
                ],
            }
            for topic in old["topic_data"]
        ]
        self._talk.answer(request, {"responses": responses})


class RecordsRefused(Refused):
    """Some records of a batch break a rule; none was taken."""

    def __init__(
        self, faults: list[tuple[int, str]], code: ErrorCode = ErrorCode.INVALID_RECORD
    ) -> None:
        super().__init__(code, faults[0][1])
        self.faults = faults


def _producer(head: BatchHead) -> Producer:
    return Producer(
        head.producer_id,
        head.producer_epoch,
        head.base_sequence,
        head.record_count,
        head.attributes & TRANSACTIONAL != 0,
    )


def _refusal(topic: str | bytes, partition: int, error: Exception) -> ProduceResult:
    code = code_of(error)
    if code is ErrorCode.UNKNOWN_TOPIC_OR_PARTITION and isinstance(topic, bytes):
        code = ErrorCode.UNKNOWN_TOPIC_ID
    result = ProduceResult(topic, partition, code, UNKNOWN_OFFSET, UNKNOWN_OFFSET, UNKNOWN_OFFSET)
    result.error_message = why(error)
    if isinstance(error, RecordsRefused):
        result.record_errors = [(index, text) for index, text in error.faults]
    return result
