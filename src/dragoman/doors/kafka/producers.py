"""InitProducerId: ids for idempotent producers, never given out twice. Transactions are not served."""

from typing import Any, Final

from dragoman.doors.kafka.talk import Request, Talk
from dragoman.kernel.api import AllocateProducer
from dragoman.model.levels import SYNCED
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
EPOCH_MAX: Final = (1 << 15) - 1
NONE: Final = -1


def serve_init(talk: Talk, request: Request, message: Message) -> Message:
    """InitProducerId. A producer that names its id gets the next epoch of it (KIP-360), or a new id after the last."""
    if message["transactional_id"] is not None:
        return {
            "error_code": ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
            "producer_id": NONE,
            "producer_epoch": NONE,
        }
    known, epoch = message["producer_id"], message["producer_epoch"]
    if known >= 0 and 0 <= epoch < EPOCH_MAX:
        return {"error_code": 0, "producer_id": known, "producer_epoch": epoch + 1}
    producer_id = talk.session.submit(AllocateProducer())
    talk.wait_for(SYNCED)
    return {"error_code": 0, "producer_id": producer_id, "producer_epoch": 0}
