from dragoman.doors.kafka.errors import CODES, Refused, code_of, why
from dragoman.model import errors
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode

KERNEL_ERRORS = [
    known
    for known in vars(errors).values()
    if isinstance(known, type) and issubclass(known, errors.KernelError)
]


def test_every_error_of_the_kernel_has_its_own_code() -> None:
    missing = [known.__name__ for known in KERNEL_ERRORS if known not in CODES]
    assert missing == []


def test_refusals_of_the_door_and_of_the_codec_bring_their_code_along() -> None:
    assert code_of(Refused(ErrorCode.INVALID_CONFIG)) is ErrorCode.INVALID_CONFIG
    assert code_of(BatchRefusedError(ErrorCode.CORRUPT_MESSAGE, "")) is ErrorCode.CORRUPT_MESSAGE
    assert code_of(RuntimeError()) is ErrorCode.UNKNOWN_SERVER_ERROR


def test_every_refusal_has_a_sentence() -> None:
    assert why(errors.StreamNotFound()) == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.message
    assert why(errors.StreamNotFound("orders")) == "orders"
