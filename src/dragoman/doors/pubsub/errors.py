"""How Pub/Sub says no: codes of gRPC and Google's words."""

from typing import Final

from dragoman.doors.shared.grpc.status import CODES, Status, status_of
from dragoman.model.errors import AccessRefused, KernelError, PublishRefused
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
)

WORDS: Final = {**CODES, PublishRefused: RESOURCE_EXHAUSTED}


def refusal(error: Exception) -> Status:
    """A handler's error as what the client is told."""
    if isinstance(error, AccessRefused):
        return Status(PERMISSION_DENIED, f"User not authorized to perform this action ({error}).")
    return status_of(error, WORDS) if isinstance(error, KernelError) else status_of(error)


def invalid(text: str) -> Status:
    """What makes no sense whatever there is."""
    return Status(INVALID_ARGUMENT, text)


def not_found(id: str) -> Status:
    """No such topic, subscription, snapshot."""
    return Status(NOT_FOUND, f"Resource not found (resource={id}).")


def already_exists(id: str) -> Status:
    """The name is taken."""
    return Status(ALREADY_EXISTS, f"Resource already exists in the project (resource={id}).")


def not_offered(what: str) -> Status:
    """Understood, and not done here."""
    return Status(UNIMPLEMENTED, f"{what} are not offered here.")


def precondition(text: str) -> Status:
    """Not as things stand."""
    return Status(FAILED_PRECONDITION, text)


def check_within(name: str, value: int, low: int, high: int) -> None:
    """Raises Status."""
    if value > high:
        raise invalid(
            f"The value for {name} is too large. You passed {value} in the request, but the maximum value is {high}."
        )
    if value < low:
        raise invalid(
            f"The value for {name} is too small. You passed {value} in the request, but the minimum value is {low}."
        )
