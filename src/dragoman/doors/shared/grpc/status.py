"""How a call ends: a code, a message for people, details for programs.

    code, message          grpc-status, grpc-message
    details                grpc-status-details-bin: a google.rpc.Status with each of them packed as google.protobuf.Any

A Status is raised where it is found out, and is what the client sees. KernelErrors become one through a table: `CODES`
here is what most services say; a service whose words differ has its own.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.message import Message

from dragoman.model.errors import (
    AccessRefused,
    AlreadyExists,
    Conflict,
    InvalidArgument,
    KernelError,
    LeaseExpired,
    MessageInvalid,
    MessageTooLarge,
    NotFound,
    NotSupported,
    OffsetOutOfRange,
    PublishRefused,
    QuotaExceeded,
    StorageFull,
    VersionDiffers,
)
from dragoman.wire.grpc.codes import (
    ABORTED,
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    OUT_OF_RANGE,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
)
from dragoman.wire.http.request import RawHeader


class Status(Exception):
    """A refusal in gRPC's words. `details` are messages (ErrorInfo, BadRequest, ...); `trailers` further metadata."""

    def __init__(
        self,
        code: int,
        message: str = "",
        details: Sequence[Message] = (),
        trailers: Sequence[RawHeader] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.trailers = trailers


CODES: Final[Mapping[type[KernelError], int]] = {
    NotFound: NOT_FOUND,
    InvalidArgument: INVALID_ARGUMENT,
    NotSupported: UNIMPLEMENTED,
    AccessRefused: PERMISSION_DENIED,
    AlreadyExists: ALREADY_EXISTS,
    VersionDiffers: ABORTED,
    Conflict: FAILED_PRECONDITION,
    LeaseExpired: FAILED_PRECONDITION,
    MessageInvalid: INVALID_ARGUMENT,
    MessageTooLarge: INVALID_ARGUMENT,
    PublishRefused: RESOURCE_EXHAUSTED,
    QuotaExceeded: RESOURCE_EXHAUSTED,
    StorageFull: RESOURCE_EXHAUSTED,
    OffsetOutOfRange: OUT_OF_RANGE,
    KernelError: INTERNAL,
}
"""By class, the nearest base counts."""


def status_of(error: Exception, codes: Mapping[type[KernelError], int] = CODES) -> Status:
    """An error as a status; a fault of ours is INTERNAL, and says nothing of itself."""
    if isinstance(error, Status):
        return error
    if not isinstance(error, KernelError):
        return Status(INTERNAL, "Something went wrong here.")
    code = next(codes[kind] for kind in type(error).__mro__ if kind in codes)
    return Status(code, str(error) or error.code)
