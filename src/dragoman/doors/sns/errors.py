"""Refusals in the words of SNS: codes of the query protocol, and the one table from kernel errors to them."""

from collections.abc import Mapping
from typing import Final

from dragoman.doors.sqs.errors import AwsError, Refused, Reply
from dragoman.model import errors as e


def _error(code: str, status: int = 400, *, is_senders: bool = True) -> AwsError:
    return AwsError(code, code, status, is_senders)


AUTHORIZATION_ERROR: Final = _error("AuthorizationError", 403)
BATCH_ENTRY_IDS_NOT_DISTINCT: Final = _error("BatchEntryIdsNotDistinct")
BATCH_REQUEST_TOO_LONG: Final = _error("BatchRequestTooLong")
EMPTY_BATCH_REQUEST: Final = _error("EmptyBatchRequest")
INTERNAL_ERROR: Final = _error("InternalError", 500, is_senders=False)
INVALID_BATCH_ENTRY_ID: Final = _error("InvalidBatchEntryId")
INVALID_PARAMETER: Final = _error("InvalidParameter")
NOT_FOUND: Final = _error("NotFound", 404)
PARAMETER_VALUE_INVALID: Final = _error("ParameterValueInvalid")
RESOURCE_NOT_FOUND: Final = _error("ResourceNotFound", 404)
TAG_LIMIT_EXCEEDED: Final = _error("TagLimitExceeded")
THROTTLED: Final = _error("Throttled", 429)
TOO_MANY_ENTRIES: Final = _error("TooManyEntriesInBatchRequest")
TOPIC_LIMIT_EXCEEDED: Final = _error("TopicLimitExceeded", 403)
VALIDATION_ERROR: Final = _error("ValidationError")

ALL: Final[tuple[AwsError, ...]] = tuple(
    value for value in tuple(globals().values()) if isinstance(value, AwsError)
)

TABLE: Final[Mapping[type[e.KernelError], Reply]] = {
    e.KernelError: Reply(INTERNAL_ERROR),
    e.AccessRefused: Reply(AUTHORIZATION_ERROR),
    e.InvalidArgument: Reply(INVALID_PARAMETER, "Invalid parameter: {0}"),
    e.MessageInvalid: Reply(INVALID_PARAMETER, "Invalid parameter: Message Reason: {0}"),
    e.NotFound: Reply(NOT_FOUND, "{0} does not exist"),
    e.QuotaExceeded: Reply(TOPIC_LIMIT_EXCEEDED),
}


def refusal_of(error: Exception) -> Refused:
    """What the client is told about an error met while serving it; a fault of ours is an internal error."""
    if isinstance(error, Refused):
        return error
    for known in type(error).__mro__:
        reply = TABLE.get(known)
        if reply is not None:
            named = error.args[0] if error.args else type(error).__name__
            return Refused(reply.error, reply.template.format(named))
    return Refused(INTERNAL_ERROR, "The request failed because of an internal error.")


def invalid(name: str, reason: str = "") -> Refused:
    """A parameter whose value makes no sense."""
    more = f" Reason: {reason}" if reason else ""
    return Refused(INVALID_PARAMETER, f"Invalid parameter: {name}{more}")


def missing(name: str) -> Refused:
    """A parameter that is required."""
    small = name[0].lower() + name[1:]
    return Refused(
        VALIDATION_ERROR,
        f"1 validation error detected: Value null at '{small}' failed to satisfy constraint: Member must not be null",
    )


def no_topic() -> Refused:
    """There is none of that ARN."""
    return Refused(NOT_FOUND, "Topic does not exist")


def no_subscription() -> Refused:
    """There is none of that ARN."""
    return Refused(NOT_FOUND, "Subscription does not exist")
