"""InitProducerId: ids for producers, never given out twice; a transactional id keeps its own, one epoch further."""

from typing import Any, Final

from dragoman.doors.kafka.allowed import may
from dragoman.doors.kafka.errors import REFUSALS, Refused
from dragoman.doors.kafka.talk import NAMESPACE as SPACE
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.doors.kafka.transactions import refusal_of
from dragoman.kernel.api import (
    NAMESPACE,
    SEND,
    STREAM,
    AllocateProducer,
    InitProducer,
    Need,
    ProducerIdentity,
)
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
EPOCH_MAX: Final = (1 << 15) - 1
NONE: Final = -1
FENCED_FROM: Final = 4  # version that tells a fenced producer so by name (KIP-588)


def serve_init(talk: Talk, request: Request, message: Message) -> Message:
    """InitProducerId. A producer that names its id gets the next epoch of it (KIP-360), or a new id after the last."""
    if message["transactional_id"] is not None:
        return _transactional(talk, request.version, message)
    anything = Need(SPACE, STREAM, "", SEND)
    if not may(talk, SEND, NAMESPACE) and not talk.session.may_anywhere(anything):
        return _refused(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
    known, epoch = message["producer_id"], message["producer_epoch"]
    if known >= 0 and 0 <= epoch < EPOCH_MAX:
        return {"error_code": 0, "producer_id": known, "producer_epoch": epoch + 1}
    producer_id = talk.session.submit(AllocateProducer())
    talk.wait_for(SYNCED)
    return {"error_code": 0, "producer_id": producer_id, "producer_epoch": 0}


def _transactional(talk: Talk, version: int, message: Message) -> Message:
    """What the producer before had open is aborted, and it is fenced."""
    try:
        if not message["transactional_id"]:
            raise Refused(ErrorCode.INVALID_REQUEST, "an empty transactional id")
        if message.get("enable_2pc") or message.get("keep_prepared_txn"):
            # KIP-939: as of a broker whose transaction.two.phase.commit.enable is false
            raise Refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        identity: ProducerIdentity = talk.session.submit(
            InitProducer(
                transactional_id=message["transactional_id"],
                timeout_ms=message["transaction_timeout_ms"],
                producer_id=message["producer_id"],
                epoch=message["producer_epoch"],
            )
        )
    except InvalidArgument:
        return _refused(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
    except REFUSALS as error:
        return _refused(refusal_of(error, version, FENCED_FROM))
    talk.wait_for(SYNCED)
    return {"error_code": 0, "producer_id": identity.id, "producer_epoch": identity.epoch}


def _refused(code: int) -> Message:
    return {"error_code": code, "producer_id": NONE, "producer_epoch": NONE}
