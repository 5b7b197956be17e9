"""One table, both spellings, an entry for every refusal of the kernel."""

import json
import sys
from pathlib import Path

from dragoman.doors.sqs import errors
from dragoman.model.errors import KernelError, LeaseExpired, RebalanceInProgress, StreamNotFound

MODEL = Path(sys.prefix, "botocore-query", "botocore", "data", "sqs", "2012-11-05")
"""Of the last official client that speaks the query protocol."""


def every(root: type[KernelError]) -> list[type[KernelError]]:
    return [root, *(one for child in root.__subclasses__() for one in every(child))]


def test_every_kernel_error_has_a_word() -> None:
    for known in every(KernelError):
        error = Exception.__new__(known)  # some want more than a text
        assert errors.refusal_of(error).error in errors.ALL, known


def test_the_nearest_entry_is_taken() -> None:
    assert errors.refusal_of(StreamNotFound("q")).error is errors.QUEUE_DOES_NOT_EXIST
    assert errors.refusal_of(LeaseExpired("q")).error is errors.MESSAGE_NOT_INFLIGHT
    assert errors.refusal_of(RebalanceInProgress("q")).error is errors.INTERNAL_FAILURE
    refused = errors.Refused(errors.OVER_LIMIT, "so")
    assert errors.refusal_of(refused) is refused
    assert errors.refusal_of(ZeroDivisionError()).error is errors.INTERNAL_FAILURE


def test_types_and_query_codes_are_those_of_the_model() -> None:
    """The official client's model names each error of the service, and what the query protocol calls it."""
    shapes = json.loads((MODEL / "service-2.json").read_bytes())["shapes"]
    known = {
        name: shape.get("error", {}).get("code", name)
        for name, shape in shapes.items()
        if shape.get("exception")
    }
    ours = {
        error.type.partition("#")[2]: error.code
        for error in errors.ALL
        if error.type.startswith("com.amazonaws.sqs#")
    }
    for name in ours.keys() & known.keys():
        assert ours[name] == known[name], name
    assert ours.keys() - known.keys() <= {"RequestThrottled", "InvalidAttributeValue"}  # newer
