"""How the registry says no: `{"error_code": 40401, "message": "..."}`, the status in front of the last two digits."""

from collections.abc import Mapping
from typing import Final

import msgspec

from dragoman.model import errors as e

SUBJECT_NOT_FOUND: Final = 40401
VERSION_NOT_FOUND: Final = 40402
SCHEMA_NOT_FOUND: Final = 40403
SUBJECT_DELETED: Final = 40404
SUBJECT_NOT_DELETED: Final = 40405
VERSION_DELETED: Final = 40406
VERSION_NOT_DELETED: Final = 40407
NO_SUBJECT_LEVEL: Final = 40408
NO_SUBJECT_MODE: Final = 40409
INCOMPATIBLE: Final = 409
INVALID_SCHEMA: Final = 42201
INVALID_VERSION: Final = 42202
INVALID_LEVEL: Final = 42203
INVALID_MODE: Final = 42204
NOT_PERMITTED: Final = 42205
REFERENCE_EXISTS: Final = 42206
STORE: Final = 50001
_STATUS_MAX: Final = 1_000
_CODES: Final[Mapping[type[Exception], int]] = {
    e.SchemaInvalid: INVALID_SCHEMA,
    e.SchemaIncompatible: INCOMPATIBLE,
    e.InUse: REFERENCE_EXISTS,
    e.QuotaExceeded: NOT_PERMITTED,
    e.InvalidArgument: 422,
    e.NotSupported: NOT_PERMITTED,
    e.AccessRefused: 40301,
    e.NotFound: 404,
    e.Conflict: 409,
}


class Refused(Exception):
    """A refusal by its code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code

    @property
    def status(self) -> int:
        """Of HTTP."""
        return self.code if self.code < _STATUS_MAX else self.code // 100


def refusal(error: Exception) -> Refused:
    """A handler's error in the registry's words; what is no refusal of the kernel's is a fault of ours."""
    if isinstance(error, Refused):
        return error
    if isinstance(error, msgspec.ValidationError | msgspec.DecodeError | UnicodeError):
        return Refused(422 if isinstance(error, msgspec.ValidationError) else 400, str(error))
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            prefix = "Invalid schema: " if code == INVALID_SCHEMA else ""
            return Refused(code, prefix + str(error))
    return Refused(
        500 if not isinstance(error, e.KernelError) else STORE, "Error in the backend data store"
    )


def no_subject(subject: str) -> Refused:
    """There is none of this name."""
    return Refused(SUBJECT_NOT_FOUND, f"Subject '{subject}' not found.")


def no_version(version: object) -> Refused:
    """The subject has no such version."""
    return Refused(VERSION_NOT_FOUND, f"Version {version} not found.")


def no_schema(said: object = "") -> Refused:
    """Nobody has it."""
    return Refused(SCHEMA_NOT_FOUND, f"Schema {said} not found" if said else "Schema not found")


def no_reference(said: object) -> Refused:
    """A schema refers to one that is not there."""
    return Refused(INVALID_SCHEMA, f"Invalid schema: no schema reference found for {said}")
