"""Every API that is served, with its versions and who answers it. ApiVersions and the page are made from this."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dragoman.doors.kafka import (
    access,
    alter,
    auth,
    clientquotas,
    commits,
    configsources,
    consumergroups,
    groupadmin,
    groups,
    inspection,
    metadata,
    offsets,
    operations,
    producers,
    quorum,
    scramusers,
    sharegroups,
    shareoffsets,
    topics,
    transactions,
)
from dragoman.doors.kafka.features import features
from dragoman.doors.kafka.talk import Request, Talk
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
Serve = Callable[[Talk, Request, Message], Message | None]

PRODUCE: Final = 0
FETCH: Final = 1
API_VERSIONS: Final = 18
SHARE_FETCH: Final = 78
SHARE_ACKNOWLEDGE: Final = 79
SASL_HANDSHAKE: Final = 17
SASL_AUTHENTICATE: Final = 36


@dataclass(frozen=True, slots=True)
class Served:
    """One API: versions as advertised, who answers (None: the door itself), and what a reader should know."""

    name: str
    low: int
    high: int
    serve: Serve | None = None
    notes: str = ""
    refuses: bool = False  # advertised only to say no


TABLE: Final[Mapping[int, Served]] = {
    PRODUCE: Served(
        "Produce",
        0,
        13,
        notes="0 to 2 are advertised so that old clients compress, and answered UNSUPPORTED_VERSION",
    ),
    FETCH: Served("Fetch", 4, 18, notes="a fetch session is its connection's"),
    2: Served("ListOffsets", 1, 11, offsets.serve_list, "exact by timestamp"),
    3: Served(
        "Metadata", 0, 13, metadata.serve_metadata, "makes missing topics in the same answer"
    ),
    8: Served("OffsetCommit", 2, 10, commits.serve_commit, "retention times are not honoured"),
    9: Served("OffsetFetch", 1, 10, commits.serve_fetch),
    10: Served(
        "FindCoordinator", 0, 6, groups.serve_find_coordinator, "of groups and transactions"
    ),
    11: Served("JoinGroup", 0, 9, groups.serve_join, "classic groups, static members included"),
    12: Served("Heartbeat", 0, 4, groups.serve_heartbeat),
    13: Served("LeaveGroup", 0, 5, groups.serve_leave),
    14: Served("SyncGroup", 0, 5, groups.serve_sync),
    15: Served("DescribeGroups", 0, 6, groupadmin.serve_describe),
    16: Served("ListGroups", 0, 5, groupadmin.serve_list),
    SASL_HANDSHAKE: Served(
        "SaslHandshake", 0, 1, auth.serve_handshake, "PLAIN, SCRAM, OAUTHBEARER"
    ),
    API_VERSIONS: Served("ApiVersions", 0, 4),
    19: Served("CreateTopics", 2, 7, topics.serve_create, "replication factors mean 1"),
    20: Served("DeleteTopics", 1, 6, topics.serve_delete),
    21: Served("DeleteRecords", 0, 2, topics.serve_trim),
    22: Served(
        "InitProducerId",
        0,
        6,
        producers.serve_init,
        "a transactional id is fenced by its next producer",
    ),
    23: Served("OffsetForLeaderEpoch", 2, 4, offsets.serve_epochs),
    24: Served("AddPartitionsToTxn", 0, 5, transactions.serve_add_partitions),
    25: Served("AddOffsetsToTxn", 0, 4, transactions.serve_add_offsets),
    26: Served("EndTxn", 0, 5, transactions.serve_end, "from version 5 on with the next epoch"),
    27: Served(
        "WriteTxnMarkers",
        1,
        2,
        transactions.serve_markers,
        "CLUSTER_AUTHORIZATION_FAILED: the coordinator alone writes markers, and no transaction hangs",
        refuses=True,
    ),
    28: Served("TxnOffsetCommit", 0, 5, transactions.serve_commit_offsets),
    29: Served("DescribeAcls", 1, 3, access.serve_describe, "those that Kafka's clients made"),
    30: Served(
        "CreateAcls", 1, 3, access.serve_create, "of topics, groups, transactional ids, the cluster"
    ),
    31: Served("DeleteAcls", 1, 3, access.serve_delete),
    32: Served("DescribeConfigs", 1, 4, configsources.serve_describe),
    33: Served("AlterConfigs", 0, 2, alter.serve_alter),
    34: Served(
        "AlterReplicaLogDirs",
        1,
        2,
        operations.serve_move_logs,
        "LOG_DIR_NOT_FOUND: there is one directory",
        refuses=True,
    ),
    35: Served("DescribeLogDirs", 1, 5, operations.serve_logs, "one directory, called `data`"),
    SASL_AUTHENTICATE: Served("SaslAuthenticate", 0, 2, auth.serve_authenticate),
    37: Served("CreatePartitions", 0, 3, topics.serve_grow),
    42: Served("DeleteGroups", 0, 2, groupadmin.serve_delete),
    43: Served("ElectLeaders", 0, 2, operations.serve_elect, "ELECTION_NOT_NEEDED"),
    44: Served("IncrementalAlterConfigs", 0, 1, alter.serve_alter_some),
    45: Served(
        "AlterPartitionReassignments", 0, 1, operations.serve_reassign, "to node 1, where they are"
    ),
    46: Served("ListPartitionReassignments", 0, 0, operations.serve_reassignments, "none ever"),
    47: Served("OffsetDelete", 0, 0, commits.serve_delete),
    48: Served("DescribeClientQuotas", 0, 1, clientquotas.serve_describe),
    49: Served(
        "AlterClientQuotas",
        0,
        1,
        clientquotas.serve_alter,
        "byte rates, request_percentage, controller_mutation_rate, connection_creation_rate",
    ),
    50: Served("DescribeUserScramCredentials", 0, 0, scramusers.serve_describe),
    51: Served("AlterUserScramCredentials", 0, 0, scramusers.serve_alter),
    55: Served(
        "DescribeQuorum",
        0,
        2,
        quorum.serve_describe,
        "one voter, which leads; its log is the journal",
    ),
    57: Served("UpdateFeatures", 0, 2, operations.serve_features, "only to the level they are at"),
    60: Served("DescribeCluster", 0, 2, metadata.serve_cluster),
    61: Served("DescribeProducers", 0, 0, inspection.serve_producers),
    65: Served("DescribeTransactions", 0, 0, inspection.serve_describe),
    66: Served("ListTransactions", 0, 2, inspection.serve_list, "patterns are RE2"),
    68: Served(
        "ConsumerGroupHeartbeat",
        0,
        1,
        consumergroups.serve_heartbeat,
        "the broker assigns: uniform or range; patterns are RE2",
    ),
    69: Served("ConsumerGroupDescribe", 0, 1, consumergroups.serve_describe),
    74: Served("ListConfigResources", 0, 1, operations.serve_resources),
    75: Served(
        "DescribeTopicPartitions", 0, 0, metadata.serve_partitions, "in pages of 2000 at most"
    ),
    76: Served("ShareGroupHeartbeat", 1, 1, sharegroups.serve_heartbeat),
    77: Served("ShareGroupDescribe", 1, 1, sharegroups.serve_describe),
    SHARE_FETCH: Served("ShareFetch", 1, 2, notes="a share session is its connection's"),
    SHARE_ACKNOWLEDGE: Served("ShareAcknowledge", 1, 2, notes="renewal too (KIP-1222)"),
    90: Served("DescribeShareGroupOffsets", 0, 1, shareoffsets.serve_describe),
    91: Served("AlterShareGroupOffsets", 0, 0, shareoffsets.serve_alter),
    92: Served("DeleteShareGroupOffsets", 0, 0, shareoffsets.serve_delete),
}

_BETWEEN_BROKERS: Final = "asked between brokers"
_NO_QUORUM: Final = "the quorum is one node, and stays so"
_NO_TOKENS: Final = "no delegation tokens"
_FOR_STREAMS: Final = "Kafka Streams uses classic groups here"

NOT_SERVED: Final[Mapping[int, tuple[str, str]]] = {
    4: ("LeaderAndIsr", _BETWEEN_BROKERS),
    5: ("StopReplica", _BETWEEN_BROKERS),
    6: ("UpdateMetadata", _BETWEEN_BROKERS),
    7: ("ControlledShutdown", _BETWEEN_BROKERS),
    38: ("CreateDelegationToken", _NO_TOKENS),
    39: ("RenewDelegationToken", _NO_TOKENS),
    40: ("ExpireDelegationToken", _NO_TOKENS),
    41: ("DescribeDelegationToken", _NO_TOKENS),
    52: ("Vote", _NO_QUORUM),
    53: ("BeginQuorumEpoch", _NO_QUORUM),
    54: ("EndQuorumEpoch", _NO_QUORUM),
    56: ("AlterPartition", _BETWEEN_BROKERS),
    58: ("Envelope", _BETWEEN_BROKERS),
    59: ("FetchSnapshot", _NO_QUORUM),
    62: ("BrokerRegistration", _BETWEEN_BROKERS),
    63: ("BrokerHeartbeat", _BETWEEN_BROKERS),
    64: ("UnregisterBroker", _NO_QUORUM),
    67: ("AllocateProducerIds", _BETWEEN_BROKERS),
    70: ("ControllerRegistration", _BETWEEN_BROKERS),
    71: ("GetTelemetrySubscriptions", "no client telemetry: unadvertised, clients send none"),
    72: ("PushTelemetry", "no client telemetry: unadvertised, clients send none"),
    73: ("AssignReplicasToDirs", _BETWEEN_BROKERS),
    80: ("AddRaftVoter", _NO_QUORUM),
    81: ("RemoveRaftVoter", _NO_QUORUM),
    82: ("UpdateRaftVoter", _NO_QUORUM),
    83: ("InitializeShareGroupState", _BETWEEN_BROKERS),
    84: ("ReadShareGroupState", _BETWEEN_BROKERS),
    85: ("WriteShareGroupState", _BETWEEN_BROKERS),
    86: ("DeleteShareGroupState", _BETWEEN_BROKERS),
    87: ("ReadShareGroupStateSummary", _BETWEEN_BROKERS),
    88: ("StreamsGroupHeartbeat", _FOR_STREAMS),
    89: ("StreamsGroupDescribe", _FOR_STREAMS),
}
"""Names of all other APIs of Kafka 4, and why they are not served."""

BEFORE_AUTHENTICATION: Final = frozenset({API_VERSIONS, SASL_HANDSHAKE, SASL_AUTHENTICATE})


def versions(code: int = 0) -> Message:
    """The body of an ApiVersions answer."""
    return {
        "error_code": code,
        "api_keys": [
            {"api_key": key, "min_version": api.low, "max_version": api.high}
            for key, api in TABLE.items()
        ],
        **features(),
    }


UNSUPPORTED: Final = ErrorCode.UNSUPPORTED_VERSION
