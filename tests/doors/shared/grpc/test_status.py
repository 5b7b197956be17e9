"""Errors as statuses of gRPC."""

import pytest

from dragoman.doors.shared.grpc.status import Status, status_of
from dragoman.model.errors import AlreadyExists, InvalidArgument, KernelError, StreamNotFound
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    RESOURCE_EXHAUSTED,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StreamNotFound("orders"), NOT_FOUND),
        (AlreadyExists("orders"), ALREADY_EXISTS),
        (InvalidArgument("what"), INVALID_ARGUMENT),
        (KernelError("what"), INTERNAL),
    ],
)
def test_a_refusal_of_the_kernel_has_a_code_and_its_own_words(
    error: KernelError, code: int
) -> None:
    status = status_of(error)
    assert (status.code, status.message) == (code, str(error))


def test_a_refusal_without_words_tells_its_name() -> None:
    assert status_of(StreamNotFound()).message == "stream-not-found"


def test_a_fault_of_ours_says_nothing_of_itself() -> None:
    status = status_of(KeyError("secret"))
    assert status.code == INTERNAL
    assert "secret" not in status.message


def test_a_status_stays_as_it_is() -> None:
    status = Status(NOT_FOUND, "no")
    assert status_of(status) is status


def test_a_service_may_have_codes_of_its_own() -> None:
    codes = {KernelError: RESOURCE_EXHAUSTED}
    assert status_of(StreamNotFound("x"), codes).code == RESOURCE_EXHAUSTED
