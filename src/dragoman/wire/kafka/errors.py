"""Kafka's error codes, and the one error that malformed bytes raise.

The numbers and names are those of the protocol guide; the default messages are ours. A code that
this broker never answers has its name for a message. Which kernel error becomes which code is the
door's table, not ours.
"""

from enum import IntEnum
from typing import Final


class KafkaCodecError(Exception):
    """Bytes that are no Kafka message, or a value that its field cannot hold."""


class ErrorCode(IntEnum):
    """An error code as it stands in a response."""

    UNKNOWN_SERVER_ERROR = -1
    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    INVALID_FETCH_SIZE = 4
    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER_OR_FOLLOWER = 6
    REQUEST_TIMED_OUT = 7
    BROKER_NOT_AVAILABLE = 8
    REPLICA_NOT_AVAILABLE = 9
    MESSAGE_TOO_LARGE = 10
    STALE_CONTROLLER_EPOCH = 11
    OFFSET_METADATA_TOO_LARGE = 12
    NETWORK_EXCEPTION = 13
    COORDINATOR_LOAD_IN_PROGRESS = 14
    COORDINATOR_NOT_AVAILABLE = 15
    NOT_COORDINATOR = 16
    INVALID_TOPIC_EXCEPTION = 17
    RECORD_LIST_TOO_LARGE = 18
    NOT_ENOUGH_REPLICAS = 19
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
    INVALID_REQUIRED_ACKS = 21
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    INVALID_GROUP_ID = 24
    UNKNOWN_MEMBER_ID = 25
    INVALID_SESSION_TIMEOUT = 26
    REBALANCE_IN_PROGRESS = 27
    INVALID_COMMIT_OFFSET_SIZE = 28
    TOPIC_AUTHORIZATION_FAILED = 29
    GROUP_AUTHORIZATION_FAILED = 30
    CLUSTER_AUTHORIZATION_FAILED = 31
    INVALID_TIMESTAMP = 32
    UNSUPPORTED_SASL_MECHANISM = 33
    ILLEGAL_SASL_STATE = 34
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    INVALID_REPLICATION_FACTOR = 38
    INVALID_REPLICA_ASSIGNMENT = 39
    INVALID_CONFIG = 40
    NOT_CONTROLLER = 41
    INVALID_REQUEST = 42
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
    POLICY_VIOLATION = 44
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    DUPLICATE_SEQUENCE_NUMBER = 46
    INVALID_PRODUCER_EPOCH = 47
    INVALID_TXN_STATE = 48
    INVALID_PRODUCER_ID_MAPPING = 49
    INVALID_TRANSACTION_TIMEOUT = 50
    CONCURRENT_TRANSACTIONS = 51
    TRANSACTION_COORDINATOR_FENCED = 52
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
    SECURITY_DISABLED = 54
    OPERATION_NOT_ATTEMPTED = 55
    KAFKA_STORAGE_ERROR = 56
    LOG_DIR_NOT_FOUND = 57
    SASL_AUTHENTICATION_FAILED = 58
    UNKNOWN_PRODUCER_ID = 59
    REASSIGNMENT_IN_PROGRESS = 60
    DELEGATION_TOKEN_AUTH_DISABLED = 61
    DELEGATION_TOKEN_NOT_FOUND = 62
    DELEGATION_TOKEN_OWNER_MISMATCH = 63
    DELEGATION_TOKEN_REQUEST_NOT_ALLOWED = 64
    DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65
    DELEGATION_TOKEN_EXPIRED = 66
    INVALID_PRINCIPAL_TYPE = 67
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69
    FETCH_SESSION_ID_NOT_FOUND = 70
    INVALID_FETCH_SESSION_EPOCH = 71
    LISTENER_NOT_FOUND = 72
    TOPIC_DELETION_DISABLED = 73
    FENCED_LEADER_EPOCH = 74
    UNKNOWN_LEADER_EPOCH = 75
    UNSUPPORTED_COMPRESSION_TYPE = 76
    STALE_BROKER_EPOCH = 77
    OFFSET_NOT_AVAILABLE = 78
    MEMBER_ID_REQUIRED = 79
    PREFERRED_LEADER_NOT_AVAILABLE = 80
    GROUP_MAX_SIZE_REACHED = 81
    FENCED_INSTANCE_ID = 82
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83
    ELECTION_NOT_NEEDED = 84
    NO_REASSIGNMENT_IN_PROGRESS = 85
    GROUP_SUBSCRIBED_TO_TOPIC = 86
    INVALID_RECORD = 87
    UNSTABLE_OFFSET_COMMIT = 88
    THROTTLING_QUOTA_EXCEEDED = 89
    PRODUCER_FENCED = 90
    RESOURCE_NOT_FOUND = 91
    DUPLICATE_RESOURCE = 92
    UNACCEPTABLE_CREDENTIAL = 93
    INCONSISTENT_VOTER_SET = 94
    INVALID_UPDATE_VERSION = 95
    FEATURE_UPDATE_FAILED = 96
    PRINCIPAL_DESERIALIZATION_FAILURE = 97
    SNAPSHOT_NOT_FOUND = 98
    POSITION_OUT_OF_RANGE = 99
    UNKNOWN_TOPIC_ID = 100
    DUPLICATE_BROKER_REGISTRATION = 101
    BROKER_ID_NOT_REGISTERED = 102
    INCONSISTENT_TOPIC_ID = 103
    INCONSISTENT_CLUSTER_ID = 104
    TRANSACTIONAL_ID_NOT_FOUND = 105
    FETCH_SESSION_TOPIC_ID_ERROR = 106
    INELIGIBLE_REPLICA = 107
    NEW_LEADER_ELECTED = 108
    OFFSET_MOVED_TO_TIERED_STORAGE = 109
    FENCED_MEMBER_EPOCH = 110
    UNRELEASED_INSTANCE_ID = 111
    UNSUPPORTED_ASSIGNOR = 112
    STALE_MEMBER_EPOCH = 113
    MISMATCHED_ENDPOINT_TYPE = 114
    UNSUPPORTED_ENDPOINT_TYPE = 115
    UNKNOWN_CONTROLLER_ID = 116
    UNKNOWN_SUBSCRIPTION_ID = 117
    TELEMETRY_TOO_LARGE = 118
    INVALID_REGISTRATION = 119
    TRANSACTION_ABORTABLE = 120
    INVALID_RECORD_STATE = 121
    SHARE_SESSION_NOT_FOUND = 122
    INVALID_SHARE_SESSION_EPOCH = 123
    FENCED_STATE_EPOCH = 124
    INVALID_VOTER_KEY = 125
    DUPLICATE_VOTER = 126
    VOTER_NOT_FOUND = 127
    INVALID_REGULAR_EXPRESSION = 128
    REBOOTSTRAP_REQUIRED = 129
    STREAMS_INVALID_TOPOLOGY = 130
    STREAMS_INVALID_TOPOLOGY_EPOCH = 131
    STREAMS_TOPOLOGY_FENCED = 132
    SHARE_SESSION_LIMIT_REACHED = 133

    @property
    def is_retriable(self) -> bool:
        """Whether a client does well to send the same again."""
        return self in _RETRIABLE

    @property
    def message(self) -> str:
        """A sentence for people, for the answers that carry one."""
        return _MESSAGES.get(self) or self.name.lower().replace("_", " ")


_RETRIABLE: Final = frozenset(
    {
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.REQUEST_TIMED_OUT,
        ErrorCode.REPLICA_NOT_AVAILABLE,
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode.NOT_CONTROLLER,
        ErrorCode.CONCURRENT_TRANSACTIONS,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        ErrorCode.LISTENER_NOT_FOUND,
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.UNKNOWN_LEADER_EPOCH,
        ErrorCode.OFFSET_NOT_AVAILABLE,
        ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE,
        ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE,
        ErrorCode.ELECTION_NOT_NEEDED,
        ErrorCode.UNSTABLE_OFFSET_COMMIT,
        ErrorCode.THROTTLING_QUOTA_EXCEEDED,
        ErrorCode.UNKNOWN_TOPIC_ID,
        ErrorCode.INCONSISTENT_TOPIC_ID,
        ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
        ErrorCode.SHARE_SESSION_NOT_FOUND,
        ErrorCode.INVALID_SHARE_SESSION_EPOCH,
        ErrorCode.SHARE_SESSION_LIMIT_REACHED,
    }
)

_MESSAGES: Final = {
    ErrorCode.UNKNOWN_SERVER_ERROR: "the broker failed in a way it did not expect",
    ErrorCode.NONE: "no error",
    ErrorCode.OFFSET_OUT_OF_RANGE: "the partition holds no such offset",
    ErrorCode.CORRUPT_MESSAGE: "the batch is damaged: its length or checksum does not fit its bytes",
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "there is no such topic or partition here",
    ErrorCode.NOT_LEADER_OR_FOLLOWER: "this broker does not hold the partition",
    ErrorCode.REQUEST_TIMED_OUT: "the work was not done within the time the request allows",
    ErrorCode.MESSAGE_TOO_LARGE: "the batch is larger than the topic allows",
    ErrorCode.OFFSET_METADATA_TOO_LARGE: "the commit's metadata is too long",
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS: "the coordinator is still loading",
    ErrorCode.NOT_COORDINATOR: "another broker coordinates this group or transaction",
    ErrorCode.INVALID_TOPIC_EXCEPTION: "the topic name is not allowed",
    ErrorCode.INVALID_REQUIRED_ACKS: "acks must be -1, 0 or 1",
    ErrorCode.ILLEGAL_GENERATION: "the generation is not the group's present one",
    ErrorCode.INCONSISTENT_GROUP_PROTOCOL: "the member shares no protocol with the rest of the group",
    ErrorCode.INVALID_GROUP_ID: "the group id is empty or not allowed",
    ErrorCode.UNKNOWN_MEMBER_ID: "the group has no such member",
    ErrorCode.INVALID_SESSION_TIMEOUT: "the session timeout is outside of the allowed range",
    ErrorCode.REBALANCE_IN_PROGRESS: "the group is rebalancing: join again",
    ErrorCode.TOPIC_AUTHORIZATION_FAILED: "not allowed on this topic",
    ErrorCode.GROUP_AUTHORIZATION_FAILED: "not allowed on this group",
    ErrorCode.CLUSTER_AUTHORIZATION_FAILED: "not allowed on this cluster",
    ErrorCode.INVALID_TIMESTAMP: "the timestamp is outside of the topic's bounds, or of a type only the broker sets",
    ErrorCode.UNSUPPORTED_SASL_MECHANISM: "this broker does not offer the SASL mechanism",
    ErrorCode.ILLEGAL_SASL_STATE: "the request does not fit the state of authentication",
    ErrorCode.UNSUPPORTED_VERSION: "the broker does not serve this version of the API",
    ErrorCode.TOPIC_ALREADY_EXISTS: "a topic of this name exists",
    ErrorCode.INVALID_PARTITIONS: "the number of partitions is not allowed",
    ErrorCode.INVALID_REPLICATION_FACTOR: "the replication factor is not allowed",
    ErrorCode.INVALID_REPLICA_ASSIGNMENT: "the replica assignment is not allowed",
    ErrorCode.INVALID_CONFIG: "the configuration is not allowed",
    ErrorCode.INVALID_REQUEST: "the request contradicts itself or the protocol",
    ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT: "only record batches of format 2 are taken",
    ErrorCode.POLICY_VIOLATION: "a limit of this broker forbids it",
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER: "the producer's sequence has a gap",
    ErrorCode.DUPLICATE_SEQUENCE_NUMBER: "the sequence was stored before and is no longer remembered",
    ErrorCode.INVALID_PRODUCER_EPOCH: "a newer producer has taken over this id",
    ErrorCode.INVALID_TXN_STATE: "the transaction is not in a state for this",
    ErrorCode.INVALID_PRODUCER_ID_MAPPING: "the producer id does not belong to this transactional id",
    ErrorCode.INVALID_TRANSACTION_TIMEOUT: "the transaction timeout is outside of the allowed range",
    ErrorCode.CONCURRENT_TRANSACTIONS: "the producer's last transaction is not finished yet",
    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "not allowed on this transactional id",
    ErrorCode.SECURITY_DISABLED: "this broker keeps no access lists",
    ErrorCode.KAFKA_STORAGE_ERROR: "the log could not be read or written",
    ErrorCode.SASL_AUTHENTICATION_FAILED: "wrong credentials",
    ErrorCode.UNKNOWN_PRODUCER_ID: "nothing is known of this producer id",
    ErrorCode.NON_EMPTY_GROUP: "the group still has members",
    ErrorCode.GROUP_ID_NOT_FOUND: "there is no such group",
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND: "there is no such fetch session",
    ErrorCode.INVALID_FETCH_SESSION_EPOCH: "the epoch does not follow that of the fetch session",
    ErrorCode.FENCED_LEADER_EPOCH: "the leader epoch is older than the broker's",
    ErrorCode.UNKNOWN_LEADER_EPOCH: "the leader epoch is newer than the broker's",
    ErrorCode.UNSUPPORTED_COMPRESSION_TYPE: "this version of the request cannot carry the compression",
    ErrorCode.MEMBER_ID_REQUIRED: "join again with the member id of this answer",
    ErrorCode.GROUP_MAX_SIZE_REACHED: "the group has as many members as it may",
    ErrorCode.FENCED_INSTANCE_ID: "another member has taken over this instance id",
    ErrorCode.ELECTION_NOT_NEEDED: "the partition has its leader",
    ErrorCode.NO_REASSIGNMENT_IN_PROGRESS: "nothing is being reassigned",
    ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC: "the group still reads this topic",
    ErrorCode.INVALID_RECORD: "the batch breaks a rule of its format or topic",
    ErrorCode.UNSTABLE_OFFSET_COMMIT: "a transaction on these offsets is still open",
    ErrorCode.THROTTLING_QUOTA_EXCEEDED: "the quota is spent",
    ErrorCode.PRODUCER_FENCED: "a newer producer has taken over this transactional id",
    ErrorCode.RESOURCE_NOT_FOUND: "there is no such resource",
    ErrorCode.DUPLICATE_RESOURCE: "the resource is named twice",
    ErrorCode.UNACCEPTABLE_CREDENTIAL: "the credential is not acceptable",
    ErrorCode.UNKNOWN_TOPIC_ID: "there is no topic of this id",
    ErrorCode.INCONSISTENT_TOPIC_ID: "topic id and name do not belong together",
    ErrorCode.TRANSACTIONAL_ID_NOT_FOUND: "there is no such transactional id",
    ErrorCode.FENCED_MEMBER_EPOCH: "the member's epoch is not the coordinator's: join again",
    ErrorCode.UNRELEASED_INSTANCE_ID: "another member still holds this instance id",
    ErrorCode.UNSUPPORTED_ASSIGNOR: "the broker does not offer this assignor",
    ErrorCode.STALE_MEMBER_EPOCH: "the member's epoch is old: heartbeat, then try again",
    ErrorCode.INVALID_RECORD_STATE: "the member does not hold the record, or not any more",
    ErrorCode.SHARE_SESSION_NOT_FOUND: "there is no such share session",
    ErrorCode.INVALID_SHARE_SESSION_EPOCH: "the epoch does not follow that of the share session",
    ErrorCode.SHARE_SESSION_LIMIT_REACHED: "the connection has as many share sessions as it may",
    ErrorCode.INVALID_REGULAR_EXPRESSION: "the regular expression is not valid",
}


class BatchRefusedError(KafkaCodecError):
    """A record batch that breaks a rule; `error_code` is what its producer is told."""

    def __init__(self, error_code: ErrorCode, why: str) -> None:
        super().__init__(why)
        self.error_code = error_code
