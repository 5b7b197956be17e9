"""Refusals of the data plane."""

import json

from dragoman.doors.eventgrid.errors import CODES, EventGridError, code_of, refusal
from dragoman.model import errors


def test_every_refusal_of_the_kernel_has_a_status_and_a_code() -> None:
    for name in dir(errors):
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, errors.KernelError):
            assert any(base in CODES for base in kind.__mro__)
    assert code_of(errors.StreamNotFound("x")) == (404, "NotFound")
    assert code_of(errors.StorageFull()) == (503, "ServerBusy")


def test_an_error_has_a_code_a_message_and_details() -> None:
    told = refusal(EventGridError(400, "BadRequest", "no", "InputJsonInvalid"))
    assert (told.status, json.loads(told.body)) == (
        400,
        {
            "error": {
                "code": "BadRequest",
                "message": "no",
                "details": [{"code": "InputJsonInvalid", "message": "no"}],
            }
        },
    )


def test_a_fault_tells_nothing() -> None:
    told = refusal(RuntimeError("secret"))
    assert told.status == 500
    assert b"secret" not in told.body
