"""Kernel errors as Kafka's codes: one table. A class that is not in it takes its nearest parent's code."""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.api import GROUP, STREAM, SUBSCRIPTION, TRANSACTION
from dragoman.model import errors as e
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode

CODES: Final[Mapping[type[e.KernelError], ErrorCode]] = {
    e.KernelError: ErrorCode.UNKNOWN_SERVER_ERROR,
    e.InvalidArgument: ErrorCode.INVALID_REQUEST,
    e.NotSupported: ErrorCode.UNSUPPORTED_VERSION,
    e.AccessRefused: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    e.NotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.NamespaceNotFound: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    e.StreamNotFound: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    e.PartitionNotFound: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    e.SubscriptionNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.RouteNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.GroupNotFound: ErrorCode.GROUP_ID_NOT_FOUND,
    e.ScheduleNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.SnapshotNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.PumpNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.DocumentNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.SchemaNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.SchemaInvalid: ErrorCode.INVALID_REQUEST,
    e.SchemaIncompatible: ErrorCode.INVALID_REQUEST,
    e.Conflict: ErrorCode.INVALID_REQUEST,
    e.AlreadyExists: ErrorCode.TOPIC_ALREADY_EXISTS,
    e.SettingsDiffer: ErrorCode.INVALID_CONFIG,
    e.VersionDiffers: ErrorCode.INVALID_REQUEST,
    e.InUse: ErrorCode.POLICY_VIOLATION,
    e.NotEmpty: ErrorCode.POLICY_VIOLATION,
    e.ResourceLocked: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    e.LeaseExpired: ErrorCode.INVALID_RECORD_STATE,
    e.PublishRefused: ErrorCode.POLICY_VIOLATION,
    e.MessageInvalid: ErrorCode.INVALID_RECORD,
    e.RuleNotFound: ErrorCode.RESOURCE_NOT_FOUND,
    e.MessageTooLarge: ErrorCode.MESSAGE_TOO_LARGE,
    e.QuotaExceeded: ErrorCode.POLICY_VIOLATION,
    e.StorageFull: ErrorCode.KAFKA_STORAGE_ERROR,
    e.OffsetOutOfRange: ErrorCode.OFFSET_OUT_OF_RANGE,
    e.GroupError: ErrorCode.INVALID_REQUEST,
    e.UnknownMember: ErrorCode.UNKNOWN_MEMBER_ID,
    e.IllegalGeneration: ErrorCode.ILLEGAL_GENERATION,
    e.RebalanceInProgress: ErrorCode.REBALANCE_IN_PROGRESS,
    e.InconsistentProtocol: ErrorCode.INCONSISTENT_GROUP_PROTOCOL,
    e.InvalidSessionTimeout: ErrorCode.INVALID_SESSION_TIMEOUT,
    e.MemberIdRequired: ErrorCode.MEMBER_ID_REQUIRED,
    e.GroupFull: ErrorCode.GROUP_MAX_SIZE_REACHED,
    e.FencedMember: ErrorCode.FENCED_INSTANCE_ID,
    e.FencedEpoch: ErrorCode.FENCED_MEMBER_EPOCH,
    e.ReaderFenced: ErrorCode.FENCED_MEMBER_EPOCH,  # of Event Hubs alone
    e.StaleEpoch: ErrorCode.STALE_MEMBER_EPOCH,
    e.UnreleasedInstance: ErrorCode.UNRELEASED_INSTANCE_ID,
    e.UnknownAssignor: ErrorCode.UNSUPPORTED_ASSIGNOR,
    e.InvalidPattern: ErrorCode.INVALID_REGULAR_EXPRESSION,
    e.GroupNotEmpty: ErrorCode.NON_EMPTY_GROUP,
    e.ProducerError: ErrorCode.INVALID_REQUEST,
    e.ProducerFenced: ErrorCode.INVALID_PRODUCER_EPOCH,
    e.UnknownProducer: ErrorCode.UNKNOWN_PRODUCER_ID,
    e.OutOfOrderSequence: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    e.InvalidTransactionState: ErrorCode.INVALID_TXN_STATE,
}


DENIED: Final[Mapping[str, ErrorCode]] = {
    STREAM: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    SUBSCRIPTION: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    GROUP: ErrorCode.GROUP_AUTHORIZATION_FAILED,
    TRANSACTION: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
"""What AccessRefused is by the kind of thing; of all other kinds CLUSTER_AUTHORIZATION_FAILED."""
CLUSTER_DENIED: Final = ErrorCode.CLUSTER_AUTHORIZATION_FAILED


class Refused(Exception):
    """A request that this door refuses by itself, with Kafka's own code."""

    def __init__(self, code: ErrorCode, why: str = "") -> None:
        super().__init__(why or code.message)
        self.code = code


REFUSALS: Final = (e.KernelError, BatchRefusedError, Refused)


def code_of(error: Exception) -> ErrorCode:
    """The code a client is told for a refusal."""
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, BatchRefusedError):
        return error.error_code
    if isinstance(error, e.AccessRefused) and error.kind:
        return DENIED.get(error.kind, CLUSTER_DENIED)
    for known in type(error).__mro__:
        code = CODES.get(known)
        if code is not None:
            return code
    return ErrorCode.UNKNOWN_SERVER_ERROR


def why(error: Exception) -> str:
    """A sentence for people."""
    return str(error) or code_of(error).message
