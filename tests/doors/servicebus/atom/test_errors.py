"""Refusals of administration."""

import pytest

from dragoman.doors.servicebus.atom.errors import AtomError, bad, conflict, missing, refusal
from dragoman.model import errors as e


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AtomError(405, "x"), 405),
        (missing("q"), 404),
        (conflict("q"), 409),
        (bad("x"), 400),
        (e.StreamNotFound("q"), 404),
        (e.AlreadyExists("q"), 409),
        (e.InUse("q"), 409),
        (e.InvalidArgument("q"), 400),
        (e.QuotaExceeded("q"), 403),
        (e.StorageFull("q"), 503),
        (RuntimeError("secret"), 500),
    ],
)
def test_every_error_has_its_status(error: Exception, status: int) -> None:
    answer = refusal(error)
    assert answer.status == status
    assert answer.body.startswith(f"<Error><Code>{status}</Code><Detail>".encode())
    assert b"secret" not in answer.body


def test_texts_are_spelled_so_that_they_can_be_read() -> None:
    assert b"&lt;&amp;  &gt;" in refusal(AtomError(400, "<& \x00>")).body
