"""One table, an entry for every refusal of the kernel, codes as the official client's model has them."""

import botocore.session
from tests.doors.sqs.test_errors import every

from dragoman.doors.sns import errors
from dragoman.doors.sqs.errors import Refused
from dragoman.model.errors import KernelError, QuotaExceeded, StreamNotFound

MODEL = botocore.session.get_session().get_service_model("sns")


def test_every_kernel_error_has_a_word() -> None:
    for known in every(KernelError):
        error = Exception.__new__(known)  # some want more than a text
        assert errors.refusal_of(error).error in errors.ALL, known


def test_the_nearest_entry_is_taken() -> None:
    assert errors.refusal_of(StreamNotFound("q")).error is errors.NOT_FOUND
    assert errors.refusal_of(QuotaExceeded("q")).error is errors.TOPIC_LIMIT_EXCEEDED
    refused = Refused(errors.NOT_FOUND, "so")
    assert errors.refusal_of(refused) is refused
    assert errors.refusal_of(ZeroDivisionError()).error is errors.INTERNAL_ERROR


def test_codes_and_statuses_are_those_of_the_model() -> None:
    known = {
        shape.metadata["error"]["code"]: shape.metadata["error"]["httpStatusCode"]
        for shape in MODEL.error_shapes
        if "error" in shape.metadata
    }
    ours = {error.code: error.status for error in errors.ALL}
    assert ours.keys() - known.keys() == {"ValidationError"}  # of the protocol, not of the service
    for code in ours.keys() & known.keys():
        assert ours[code] == known[code], code
