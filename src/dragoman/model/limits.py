"""Every bound of the kernel's further features, in one place: what a client can make grow, and how far.

A limit says what is refused past it (QuotaExceeded or InvalidArgument) or how much is done in one step of a sweep.
Times are milliseconds.
"""

from typing import Final

# --- atomic sets ---
ATOMIC_COMMANDS_MAX: Final = 65_536  # in one set: it is decided in one go and written as one frame
ATOMIC_BYTES_MAX: Final = 64 << 20  # of bodies in one set

# --- transactions written through ---
TRANSACTIONAL_IDS_MAX: Final = 100_000
TRANSACTION_PARTITIONS_MAX: Final = 10_000  # in one transaction
TRANSACTION_CURSORS_MAX: Final = 100_000  # waiting in one transaction
TRANSACTION_TIMEOUT_MS_MAX: Final = 900_000  # as Kafka's transaction.max.timeout.ms
TRANSACTIONAL_ID_BYTES_MAX: Final = 1_024
TRANSACTIONAL_ID_UNUSED_MS: Final = 7 * 86_400_000  # then it is forgotten
TRANSACTIONS_ROUND_MS: Final = 3_600_000  # between looks for unused transactional ids
PRODUCER_EPOCH_MAX: Final = 32_767
MARKER_BYTES_MAX: Final = 1_024
SWEEP_TRANSACTIONS_MAX: Final = 64  # aborted for their age in one step

# --- idle queues ---
SWEEP_IDLE_MAX: Final = 64  # looked at in one step

# --- seek, snapshots, peek ---
PEEK_COUNT_MAX: Final = 1_000  # messages in one reply
PEEK_BYTES_MAX: Final = 8 << 20  # of bodies in one reply; the first comes whole
SNAPSHOTS_MAX: Final = 10_000
SNAPSHOT_RUNS_MAX: Final = (
    10_000  # per partition; past it what was acknowledged between is given out again
)
SNAPSHOT_LIFE_MS_MAX: Final = 31 * 86_400_000
SWEEP_SNAPSHOTS_MAX: Final = 64  # looked at in one step

# --- schedules ---
SCHEDULE_BUCKET_MS: Final = 600_000  # width of a bucket: one hidden stream each
SCHEDULE_OPEN_AHEAD_MS: Final = 60_000  # a bucket's due times are read that long before it begins
SCHEDULE_AHEAD_MS_MAX: Final = 366 * 86_400_000  # so there are at most 52,704 buckets
SCHEDULE_OPEN_BLOCKS_MAX: Final = 16  # of a bucket read in one step
SCHEDULE_SEND_MAX: Final = 256  # published in one step
SCHEDULE_RETRY_MS: Final = 1_000  # after a target had no room
SCHEDULES_CANCELLED_MAX: Final = 4_096  # in one command
SCHEDULES_LISTED_MAX: Final = 10_000  # looked at in one command
SCHEDULES_LISTED_BYTES_MAX: Final = 4 << 20

# --- leases and sessions ---
LEASE_DURATION_MS_MAX: Final = 31 * 86_400_000
DEFERRED_MAX: Final = 4_096  # taken by offset in one command
SESSION_KEY_BYTES_MAX: Final = 1_024
SESSION_STATE_BYTES_MAX: Final = 1 << 20
SESSIONS_LISTED_MAX: Final = 1_000  # in one reply
REVISIONS_MAX: Final = (
    10_000  # messages that readers have set something on, of a subscription's partition
)
REVISION_BYTES_MAX: Final = 16 << 20  # of them; past either nothing more is set
SWEEP_LEASES_MAX: Final = 64  # deadlines worked off in one step

# --- delays ---
DELAY_MS_MAX: Final = 31 * 86_400_000
DELAY_STEP_MAX: Final = 1_024  # messages put in order in one step
DELAY_STEP_BYTES_MAX: Final = 4 << 20  # of them; the first comes whole
SWEEP_DELAYS_MAX: Final = 64  # subscriptions looked at in one step

# --- dedup windows ---
DEDUP_IDS_MAX: Final = (
    1_000_000  # remembered on a node, some 200 bytes each in memory; on disk later
)
DEDUP_ID_CHARS_MAX: Final = 512
DEDUP_WINDOW_MS_MAX: Final = 31 * 86_400_000
DEDUP_BUCKETS: Final = 8  # that a window is cut into: so much of it at most is kept too long
DEDUP_ROUND_MS: Final = 5_000  # between looks for what is out of the windows

# --- pumps ---
PUMPS_MAX: Final = 10_000  # on a node
PUMP_TARGETS_MAX: Final = 16
PUMPS_ENDED_MAX: Final = 10  # remembered of each source
PUMP_RATE_MAX: Final = 1_000_000  # messages per second that can be asked for
PUMP_RATE_STEPS: Final = 20  # per second, of a pump with a rate
PUMP_STEP_MAX: Final = 256  # messages carried in one step
PUMP_HOPS_MAX: Final = 16  # a message that came this far goes in a circle
PUMP_POLL_MS: Final = 5  # between looks at a source whose new entries are not committed yet
PUMP_ROUND_MS: Final = 1_000  # between looks at all pumps, for what no publish announces
PUMP_RETRY_MS_MAX: Final = 60_000  # backoff doubles up to this

# --- groups ---
GROUP_NAME_BYTES_MAX: Final = 1_024

# --- documents ---
DOCUMENT_BYTES_MAX: Final = 256 << 10  # of one body
DOCUMENT_KIND_BYTES_MAX: Final = 64
DOCUMENT_NAME_BYTES_MAX: Final = 1_024  # resource ids are paths
DOCUMENTS_LISTED_MAX: Final = 1_000  # in one reply

# --- schemas ---
SCHEMA_VERSIONS_MAX: Final = 1_000  # of one subject, where whoever asks knows no lower bound
SCHEMA_VERSIONS_GONE_MAX: Final = 100  # remembered of those deleted, for their place in the order
SCHEMA_REFERENCES_MAX: Final = 64

# --- rules ---
RULES_PER_NAMESPACE_MAX: Final = 1_000
RULE_STREAMS_MAX: Final = 100  # that one judges
RULES_IN_A_ROW_MAX: Final = 16  # of a binding or a pump
JUDGED_MAX: Final = 10_000  # messages of one publish to a stream with rules

# --- permissions ---
GRANTS_PER_NAMESPACE_MAX: Final = 10_000

# --- quotas: what holds while nobody sets another ---
MESSAGE_BYTES_MAX: Final = 128 << 20  # one body, whatever its stream allows
STREAMS_PER_NAMESPACE_MAX: Final = 200_000  # queues are streams too
QUEUES_PER_NAMESPACE_MAX: Final = 200_000  # and other leased subscriptions
DOCUMENTS_PER_NAMESPACE_MAX: Final = 100_000
DOCUMENTS_BYTES_PER_NAMESPACE_MAX: Final = 64 << 20  # of bodies, all in memory
