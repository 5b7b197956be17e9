import pytest

from dragoman.doors.schemaregistry.errors import Refused, no_schema, refusal
from dragoman.model import errors as e


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (e.SchemaInvalid("x"), 422, 42201),
        (e.SchemaIncompatible("x"), 409, 409),
        (e.InUse("x"), 422, 42206),
        (e.QuotaExceeded("x"), 422, 42205),
        (e.AccessRefused("x"), 403, 40301),
        (e.InvalidArgument("x"), 422, 422),
        (e.StorageFull("x"), 500, 50001),
        (ValueError("secret"), 500, 500),
        (Refused(40401, "x"), 404, 40401),
    ],
)
def test_every_error_has_a_status_and_a_code(error: Exception, status: int, code: int) -> None:
    found = refusal(error)
    assert (found.status, found.code) == (status, code)
    assert "secret" not in str(found)
    assert str(no_schema(5)) == "Schema 5 not found"
