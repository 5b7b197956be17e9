"""How Cloud Tasks says no: codes of gRPC and Google's words."""

from dragoman.doors.shared.grpc.status import Status, status_of
from dragoman.model.errors import AccessRefused
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    UNIMPLEMENTED,
)


def refusal(error: Exception) -> Status:
    """A handler's error as what the client is told."""
    if isinstance(error, AccessRefused):
        return Status(PERMISSION_DENIED, f"The principal lacks an IAM permission: {error}.")
    return status_of(error)


def invalid(text: str) -> Status:
    """What makes no sense whatever there is."""
    return Status(INVALID_ARGUMENT, text)


def no_queue() -> Status:
    """No such queue."""
    return Status(NOT_FOUND, "Queue does not exist.")


def no_task() -> Status:
    """No such task, or none any more."""
    return Status(
        NOT_FOUND,
        "The task no longer exists, though a task with this name existed recently or never did.",
    )


def no_operation() -> Status:
    """No such operation, or none any more."""
    return Status(NOT_FOUND, "Operation does not exist.")


def already_exists() -> Status:
    """The name is taken."""
    return Status(ALREADY_EXISTS, "Requested entity already exists")


def not_offered(what: str) -> Status:
    """Understood, and not done here."""
    return Status(UNIMPLEMENTED, f"{what} are not offered here.")


def precondition(text: str) -> Status:
    """Not as things stand."""
    return Status(FAILED_PRECONDITION, text)


def no_room() -> Status:
    """The queue takes no more."""
    return Status(RESOURCE_EXHAUSTED, "The queue has no room.")


def too_far() -> Status:
    """Too many tasks came due since."""
    return Status(UNAVAILABLE, "The task is behind too many others of its queue to be found now.")
