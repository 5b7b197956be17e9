"""Refusals in AWS's words, in both spellings, and the one table from kernel errors to them.

    query    <Code>AWS.SimpleQueueService.NonExistentQueue</Code>, and the HTTP status
    JSON     "__type": "com.amazonaws.sqs#QueueDoesNotExist", and the query code in `x-amzn-query-error: CODE;Sender`

What belongs to the service has its namespace, what any AWS service may say has coral's. A class of the kernel's that is
not in the table takes its nearest parent's entry.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dragoman.model import errors as e

_OURS: Final = "com.amazonaws.sqs#"
_CORAL: Final = "com.amazon.coral.service#"
_PREFIX: Final = "AWS.SimpleQueueService."


class AwsError(NamedTuple):
    """One refusal: its type in JSON, its code in the query protocol, whose fault it is."""

    type: str
    code: str
    status: int = 400
    is_senders: bool = True

    @property
    def fault(self) -> str:
        """Sender or Receiver."""
        return "Sender" if self.is_senders else "Receiver"


def _ours(name: str, code: str = "", status: int = 400) -> AwsError:
    return AwsError(_OURS + name, code or name, status)


def _prefixed(name: str, code: str = "", status: int = 400) -> AwsError:
    return AwsError(_OURS + name, _PREFIX + (code or name), status)


def _coral(name: str, code: str, status: int = 400, *, is_senders: bool = True) -> AwsError:
    return AwsError(_CORAL + name, code, status, is_senders)


BATCH_ENTRY_IDS_NOT_DISTINCT: Final = _prefixed("BatchEntryIdsNotDistinct")
BATCH_REQUEST_TOO_LONG: Final = _prefixed("BatchRequestTooLong")
EMPTY_BATCH_REQUEST: Final = _prefixed("EmptyBatchRequest")
INVALID_BATCH_ENTRY_ID: Final = _prefixed("InvalidBatchEntryId")
MESSAGE_NOT_INFLIGHT: Final = _prefixed("MessageNotInflight")
PURGE_QUEUE_IN_PROGRESS: Final = _prefixed("PurgeQueueInProgress", status=403)
QUEUE_DELETED_RECENTLY: Final = _prefixed("QueueDeletedRecently")
QUEUE_DOES_NOT_EXIST: Final = _prefixed("QueueDoesNotExist", "NonExistentQueue")
TOO_MANY_ENTRIES: Final = _prefixed("TooManyEntriesInBatchRequest")
UNSUPPORTED_OPERATION: Final = _prefixed("UnsupportedOperation")
INVALID_ATTRIBUTE_NAME: Final = _ours("InvalidAttributeName")
INVALID_ATTRIBUTE_VALUE: Final = _ours("InvalidAttributeValue")
INVALID_MESSAGE_CONTENTS: Final = _ours("InvalidMessageContents")
OVER_LIMIT: Final = _ours("OverLimit", status=403)
QUEUE_NAME_EXISTS: Final = _ours("QueueNameExists", "QueueAlreadyExists")
RECEIPT_HANDLE_IS_INVALID: Final = _ours("ReceiptHandleIsInvalid", status=404)
REQUEST_THROTTLED: Final = _ours("RequestThrottled", status=403)
RESOURCE_NOT_FOUND: Final = _ours("ResourceNotFoundException", status=404)

ACCESS_DENIED: Final = _coral("AccessDeniedException", "AccessDenied", 403)
INCOMPLETE_SIGNATURE: Final = _coral("IncompleteSignatureException", "IncompleteSignature")
INVALID_ACTION: Final = _coral("UnknownOperationException", "InvalidAction")
INVALID_CLIENT_TOKEN_ID: Final = _coral("UnrecognizedClientException", "InvalidClientTokenId", 403)
INVALID_PARAMETER_VALUE: Final = _coral("InvalidParameterValueException", "InvalidParameterValue")
MALFORMED_INPUT: Final = _coral("SerializationException", "MalformedInput")
MISSING_PARAMETER: Final = _coral("MissingRequiredParameterException", "MissingParameter")
MISSING_TOKEN: Final = _coral(
    "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403
)
SIGNATURE_MISMATCH: Final = _coral("InvalidSignatureException", "SignatureDoesNotMatch", 403)
INTERNAL_FAILURE: Final = _coral("InternalFailure", "InternalFailure", 500, is_senders=False)
SERVICE_UNAVAILABLE: Final = _coral(
    "ServiceUnavailableException", "ServiceUnavailable", 503, is_senders=False
)

ALL: Final[tuple[AwsError, ...]] = tuple(
    value for value in tuple(globals().values()) if isinstance(value, AwsError)
)


class Refused(Exception):
    """What a client is told."""

    def __init__(self, error: AwsError, text: str) -> None:
        super().__init__(text)
        self.error = error
        self.text = text


class Reply(NamedTuple):
    """An error and the template of its text: `{0}` is what the kernel names."""

    error: AwsError
    template: str = "{0}"


NO_QUEUE: Final = "The specified queue does not exist."

TABLE: Final[Mapping[type[e.KernelError], Reply]] = {
    e.KernelError: Reply(INTERNAL_FAILURE),
    e.InvalidArgument: Reply(INVALID_PARAMETER_VALUE),
    e.NotSupported: Reply(UNSUPPORTED_OPERATION),
    e.AccessRefused: Reply(ACCESS_DENIED),
    e.NotFound: Reply(RESOURCE_NOT_FOUND),
    e.StreamNotFound: Reply(QUEUE_DOES_NOT_EXIST, NO_QUEUE),
    e.SubscriptionNotFound: Reply(QUEUE_DOES_NOT_EXIST, NO_QUEUE),
    e.PumpNotFound: Reply(RESOURCE_NOT_FOUND, "Task does not exist."),
    e.Conflict: Reply(INVALID_PARAMETER_VALUE),
    e.AlreadyExists: Reply(QUEUE_NAME_EXISTS),
    e.ResourceLocked: Reply(ACCESS_DENIED, "The queue {0} belongs to another connection."),
    e.LeaseExpired: Reply(MESSAGE_NOT_INFLIGHT, "The specified message isn't in flight."),
    e.PublishRefused: Reply(OVER_LIMIT, "The queue {0} has no room."),
    e.MessageInvalid: Reply(INVALID_MESSAGE_CONTENTS),
    e.MessageTooLarge: Reply(
        INVALID_PARAMETER_VALUE, "One or more parameters are invalid. Reason: {0}"
    ),
    e.QuotaExceeded: Reply(OVER_LIMIT),
    e.StorageFull: Reply(SERVICE_UNAVAILABLE, "There is no room for messages."),
    e.OffsetOutOfRange: Reply(RECEIPT_HANDLE_IS_INVALID),
    e.PartitionNotFound: Reply(RECEIPT_HANDLE_IS_INVALID),
    e.GroupError: Reply(INTERNAL_FAILURE),
    e.ProducerError: Reply(INTERNAL_FAILURE),
}


def refusal_of(error: Exception) -> Refused:
    """What the client is told about an error met while serving it; a fault of ours is an internal failure."""
    if isinstance(error, Refused):
        return error
    for known in type(error).__mro__:
        reply = TABLE.get(known)
        if reply is not None:
            named = error.args[0] if error.args else type(error).__name__
            return Refused(reply.error, reply.template.format(named))
    return Refused(
        INTERNAL_FAILURE, "The request processing has failed because of an internal error."
    )


def invalid(name: str, value: object, reason: str) -> Refused:
    """A parameter whose value makes no sense."""
    return Refused(
        INVALID_PARAMETER_VALUE, f"Value {value} for parameter {name} is invalid. Reason: {reason}"
    )


def missing(name: str) -> Refused:
    """A parameter that is required."""
    return Refused(MISSING_PARAMETER, f"The request must contain the parameter {name}.")


WRONG_TYPE: Final = "The request include parameter that is not valid for this queue type."
