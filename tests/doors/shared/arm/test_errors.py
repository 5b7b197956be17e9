"""Refusals in Resource Manager's words."""

import json

from dragoman.doors.shared.arm.errors import CODES, ArmError, code_of, refusal
from dragoman.model import errors


def test_every_refusal_of_the_kernel_has_a_status_and_a_code() -> None:
    for name in dir(errors):
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, errors.KernelError):
            status, code = next(CODES[base] for base in kind.__mro__ if base in CODES)
            assert 400 <= status < 600
            assert code


def test_an_error_is_told_and_a_fault_is_not() -> None:
    told = refusal(ArmError(409, "Conflict", "taken"), [(b"a", b"b")])
    assert (told.status, json.loads(told.body)) == (
        409,
        {"error": {"code": "Conflict", "message": "taken"}},
    )
    assert (b"a", b"b") in told.headers
    fault = refusal(RuntimeError("secret"))
    assert fault.status == 500
    assert b"secret" not in fault.body
    assert code_of(errors.StreamNotFound("x")) == (404, "ResourceNotFound")
