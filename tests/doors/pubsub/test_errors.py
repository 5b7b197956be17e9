"""How Pub/Sub says no."""

import pytest

from dragoman.doors.pubsub.errors import (
    already_exists,
    check_within,
    not_found,
    not_offered,
    precondition,
    refusal,
)
from dragoman.doors.shared.grpc.call import Status
from dragoman.model.errors import InvalidArgument, LeaseExpired, PublishRefused, StreamNotFound
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StreamNotFound("x"), NOT_FOUND),
        (InvalidArgument("x"), INVALID_ARGUMENT),
        (PublishRefused("x"), RESOURCE_EXHAUSTED),
        (LeaseExpired("x"), FAILED_PRECONDITION),
        (not_found("x"), NOT_FOUND),
        (already_exists("x"), ALREADY_EXISTS),
        (not_offered("x"), UNIMPLEMENTED),
        (precondition("x"), FAILED_PRECONDITION),
        (ZeroDivisionError(), INTERNAL),
    ],
)
def test_every_error_has_a_code(error: Exception, code: int) -> None:
    assert refusal(error).code == code


def test_what_is_out_of_range_says_what_the_range_is() -> None:
    check_within("x", 5, 5, 5)
    for value, word in ((6, "large"), (4, "small")):
        with pytest.raises(Status) as info:
            check_within("x", value, 5, 5)
        assert info.value.message.startswith(f"The value for x is too {word}. You passed {value}")
