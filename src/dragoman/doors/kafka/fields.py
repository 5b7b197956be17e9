"""Fields of requests that do not do what Kafka's would: which, and why. All others work. Read by the page alone."""

from collections.abc import Mapping
from typing import Final

NO_REPLICAS: Final = "one node: nobody follows"
AT_ONCE: Final = "done at once"
TOLD_FOR_LOGS: Final = "meant for a log"

IGNORED: Final[Mapping[str, Mapping[str, str]]] = {
    "Produce": {
        "timeout_ms": "nothing waits for replicas",
    },
    "Fetch": {
        "cluster_id": NO_REPLICAS,
        "replica_id": NO_REPLICAS,
        "replica_state.replica_id": NO_REPLICAS,
        "replica_state.replica_epoch": NO_REPLICAS,
        "topics.partitions.log_start_offset": NO_REPLICAS,
        "topics.partitions.replica_directory_id": NO_REPLICAS,
        "topics.partitions.high_watermark": NO_REPLICAS,
        "rack_id": "one node: there is no nearer one",
    },
    "ListOffsets": {"replica_id": NO_REPLICAS, "timeout_ms": "there is one tier"},
    "OffsetCommit": {"retention_time_ms": "a group is kept as a whole"},
    "JoinGroup": {"reason": TOLD_FOR_LOGS},
    "LeaveGroup": {"members.reason": TOLD_FOR_LOGS},
    "ApiVersions": {
        "client_software_name": TOLD_FOR_LOGS,
        "client_software_version": TOLD_FOR_LOGS,
    },
    "CreateTopics": {
        "topics.replication_factor": "one node: checked, and means 1",
        "topics.assignments.broker_ids": "one node: its length is how many partitions there are",
        "timeout_ms": AT_ONCE,
    },
    "DeleteTopics": {"timeout_ms": AT_ONCE},
    "DeleteRecords": {"timeout_ms": AT_ONCE},
    "ConsumerGroupHeartbeat": {"rack_id": "described; one node: there is no nearer one"},
    "ShareGroupHeartbeat": {"rack_id": "described; one node: there is no nearer one"},
    "ShareFetch": {
        "min_bytes": "the first records that can be acquired are handed over",
        "batch_size": "what is acquired follows the stored batches",
        "share_acquire_mode": "never more than max_records",
    },
    "OffsetForLeaderEpoch": {"replica_id": NO_REPLICAS},
    "ElectLeaders": {
        "election_type": "one node: no election is needed",
        "timeout_ms": AT_ONCE,
    },
    "AlterPartitionReassignments": {
        "timeout_ms": AT_ONCE,
        "allow_replication_factor_change": "one node: it cannot change",
    },
    "ListPartitionReassignments": {
        "timeout_ms": AT_ONCE,
        "topics.name": "none is under way",
        "topics.partition_indexes": "none is under way",
    },
    "UpdateFeatures": {
        "timeout_ms": AT_ONCE,
        "feature_updates.allow_downgrade": "levels stay",
        "feature_updates.upgrade_type": "levels stay",
        "validate_only": "nothing changes anyway",
    },
    "AddPartitionsToTxn": {"transactions.verify_only": "asked between brokers"},
    "CreatePartitions": {
        "topics.assignments.broker_ids": "one node",
        "timeout_ms": AT_ONCE,
    },
    "DescribeCluster": {
        "include_fenced_brokers": "one node, and it answers",
    },
}
"""API, field (a path), why."""
NOTES: Final[Mapping[str, Mapping[str, str]]] = {
    "InitProducerId": {
        "enable_2pc": "true is refused: no transaction outlives its timeout",
        "keep_prepared_txn": "true is refused: see enable_2pc",
    },
}
"""Of fields that work: what is to be known of them."""
