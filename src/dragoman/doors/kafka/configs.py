"""Topic configurations: one table of every name, its default, type, bounds, and what it does here.

What a client sets is kept word for word in the stream's notes and described from there; names with a `map` also change
a setting of the kernel. Names that are not in the table are refused, with INVALID_CONFIG, as Kafka does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from dragoman.doors.kafka.errors import Refused
from dragoman.kernel.api import StreamSettings
from dragoman.model.levels import SYNCED, WRITTEN
from dragoman.wire.kafka.errors import ErrorCode

MESSAGE_BYTES_MAX: Final = 1_048_588  # Kafka's own default, batch overhead included
TIMESTAMP_AHEAD_MAX_MS: Final = 3_600_000
RETENTION_MS: Final = 604_800_000
LONG_MAX: Final = (1 << 63) - 1
INT_MAX: Final = (1 << 31) - 1
HEADER_VALUES: Final = "dragoman.header.values"  # a name of ours
NOTE_BYTES_MAX: Final = 4_096  # of one value

# Kinds of values, by the numbers that describe them to clients (KIP-569).
BOOLEAN: Final = 1
STRING: Final = 2
INT: Final = 3
LONG: Final = 5
DOUBLE: Final = 6
LIST: Final = 7

Maps = Callable[[StreamSettings, str], StreamSettings]
WORKS: Final = "works"


@dataclass(frozen=True, slots=True)
class Config:
    """One name. `works`: what it does here, or why it is only stored. `low`, `high` bound numbers."""

    name: str
    kind: int
    default: str
    works: str
    low: int = 0
    high: int = LONG_MAX
    words: tuple[str, ...] = ()
    map: Maps | None = None


def _retention_ms(settings: StreamSettings, value: str) -> StreamSettings:
    number = int(value)
    return replace(settings, retention_ms=max(number, 1) if number >= 0 else -1)


def _policy(settings: StreamSettings, value: str) -> StreamSettings:
    return replace(settings, compact="compact" in _words(value))


def _compact_within(settings: StreamSettings, value: str) -> StreamSettings:
    number = int(value)
    return replace(settings, compact_within_ms=-1 if number == LONG_MAX else number)


def _header_values(settings: StreamSettings, value: str) -> StreamSettings:
    return replace(settings, header_values="amqp" if value == "amqp" else "text")


def _flush(settings: StreamSettings, value: str) -> StreamSettings:
    return replace(settings, level=SYNCED if int(value) == 1 else WRITTEN)


_ONE_NODE: Final = "stored only: one node has no replicas"
_SEGMENTS: Final = "stored only: segments are the broker's own affair"

TABLE: Final[Mapping[str, Config]] = {
    config.name: config
    for config in (
        Config(
            "cleanup.policy",
            LIST,
            "delete",
            "works; what is compacted was written to disk by a checkpoint before",
            words=("delete", "compact"),
            map=_policy,
        ),
        Config(
            "compression.type",
            STRING,
            "producer",
            "stored only: batches stay as producers compressed them",
            words=("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"),
        ),
        Config("compression.gzip.level", INT, "-1", "stored only: see compression.type", -1, 9),
        Config("compression.lz4.level", INT, "9", "stored only: see compression.type", 1, 17),
        Config(
            "compression.zstd.level", INT, "3", "stored only: see compression.type", -131072, 22
        ),
        Config(
            "delete.retention.ms",
            LONG,
            "86400000",
            WORKS,
            map=lambda settings, value: replace(settings, tombstone_ms=int(value)),
        ),
        Config(
            HEADER_VALUES,
            STRING,
            "text",
            "works: how readers of the other of Kafka and AMQP 1.0 are shown headers, see Event Hubs' page",
            words=("text", "amqp"),
            map=_header_values,
        ),
        Config("file.delete.delay.ms", LONG, "60000", _SEGMENTS),
        Config(
            "flush.messages",
            LONG,
            str(LONG_MAX),
            "1 makes an acknowledgement wait for the disk; other values are stored only",
            low=1,
            map=_flush,
        ),
        Config("flush.ms", LONG, str(LONG_MAX), "stored only: see flush.messages"),
        Config("follower.replication.throttled.replicas", LIST, "", _ONE_NODE),
        Config("index.interval.bytes", INT, "4096", _SEGMENTS, high=INT_MAX),
        Config("leader.replication.throttled.replicas", LIST, "", _ONE_NODE),
        Config("local.retention.bytes", LONG, "-2", "stored only: there is one tier", -2),
        Config("local.retention.ms", LONG, "-2", "stored only: there is one tier", -2),
        Config(
            "max.compaction.lag.ms",
            LONG,
            str(LONG_MAX),
            WORKS,
            low=1,
            map=_compact_within,
        ),
        Config(
            "max.message.bytes",
            INT,
            str(MESSAGE_BYTES_MAX),
            WORKS,
            high=INT_MAX,
            map=lambda settings, value: replace(settings, message_bytes_max=int(value)),
        ),
        Config("message.timestamp.after.max.ms", LONG, str(TIMESTAMP_AHEAD_MAX_MS), WORKS),
        Config("message.timestamp.before.max.ms", LONG, str(LONG_MAX), WORKS),
        Config(
            "message.timestamp.type",
            STRING,
            "CreateTime",
            WORKS,
            words=("CreateTime", "LogAppendTime"),
        ),
        Config(
            "min.cleanable.dirty.ratio",
            DOUBLE,
            "0.5",
            WORKS,
            map=lambda settings, value: replace(settings, dirty_percent=round(float(value) * 100)),
        ),
        Config(
            "min.compaction.lag.ms",
            LONG,
            "0",
            WORKS,
            map=lambda settings, value: replace(settings, compact_after_ms=int(value)),
        ),
        Config("min.insync.replicas", INT, "1", _ONE_NODE, 1, INT_MAX),
        Config("preallocate", BOOLEAN, "false", _SEGMENTS, words=("true", "false")),
        Config(
            "remote.storage.enable",
            BOOLEAN,
            "false",
            "stored only: there is one tier",
            words=("true", "false"),
        ),
        Config(
            "retention.bytes",
            LONG,
            "-1",
            WORKS,
            -1,
            map=lambda settings, value: replace(settings, retention_bytes=int(value)),
        ),
        Config("retention.ms", LONG, str(RETENTION_MS), WORKS, -1, map=_retention_ms),
        Config("segment.bytes", INT, "1073741824", _SEGMENTS, 14, INT_MAX),
        Config("segment.index.bytes", INT, "10485760", _SEGMENTS, 4, INT_MAX),
        Config("segment.jitter.ms", LONG, "0", _SEGMENTS),
        Config("segment.ms", LONG, "604800000", _SEGMENTS, 1),
        Config(
            "unclean.leader.election.enable", BOOLEAN, "false", _ONE_NODE, words=("true", "false")
        ),
    )
}


def _words(value: str) -> list[str]:
    return [word.strip() for word in value.split(",") if word.strip()]


def whole_number(notes: Mapping[str, str], name: str, default: int) -> int:
    """A number that was checked when it was stored."""
    value = notes.get(name)
    return default if value is None else int(value)


def _refused(name: str, value: str | None, want: str) -> Refused:
    return Refused(ErrorCode.INVALID_CONFIG, f"{name}={value}: {want}")


def check_config(name: str, value: str | None) -> str:
    """The value as it is stored. Raises Refused."""
    config = TABLE.get(name)
    if config is None:
        raise Refused(ErrorCode.INVALID_CONFIG, f"there is no topic configuration {name}")
    return check_value(config, value)


def check_value(config: Config, value: str | None) -> str:
    """The value as it is stored. Raises Refused."""
    if value is None:
        raise _refused(config.name, value, "a value is needed")
    value = value.strip()
    if len(value.encode()) > NOTE_BYTES_MAX:
        raise _refused(config.name, value[:40], f"at most {NOTE_BYTES_MAX} bytes")
    if config.words:
        _check_words(config, value)
    elif config.kind in {INT, LONG}:
        _check_number(config, value)
    elif config.kind == DOUBLE:
        _check_ratio(config, value)
    return value


def _check_words(config: Config, value: str) -> None:
    words = _words(value) if config.kind == LIST else [value]
    if not words or any(word not in config.words for word in words):
        raise _refused(config.name, value, f"one of {', '.join(config.words)}")


def _check_number(config: Config, value: str) -> None:
    try:
        number = int(value)
    except ValueError as error:
        raise _refused(config.name, value, "a whole number") from error
    if not config.low <= number <= config.high:
        raise _refused(config.name, value, f"{config.low} to {config.high}")


def _check_ratio(config: Config, value: str) -> None:
    try:
        is_fine = 0.0 <= float(value) <= 1.0
    except ValueError:
        is_fine = False
    if not is_fine:
        raise _refused(config.name, value, "0 to 1")


def settings_of(notes: Mapping[str, str], partitions: int) -> StreamSettings:
    """The kernel's settings of a new topic with these configurations."""
    settings = StreamSettings(partitions=partitions, retention_ms=RETENTION_MS)
    return apply_notes(settings, notes)


def apply_notes(settings: StreamSettings, notes: Mapping[str, str]) -> StreamSettings:
    """`settings` with exactly these configurations; those no longer given have their defaults again.

    What was not configured and is not now stays as it is: another protocol may have set it.
    """
    before = settings.notes
    changed = {name for name in TABLE if before.get(name) != notes.get(name)}
    if "cleanup.policy" in changed:
        changed |= {"retention.ms", "retention.bytes"}
    others = {name: value for name, value in before.items() if name not in TABLE}
    settings = replace(settings, notes={**others, **notes})
    for name in sorted(changed):
        change = TABLE[name].map
        if change is not None:
            settings = change(settings, notes.get(name, TABLE[name].default))
    if "delete" not in _words(notes.get("cleanup.policy", "delete")):
        settings = replace(
            settings, retention_ms=-1, retention_bytes=-1
        )  # age and size end nothing
    return settings


def topic_notes(settings: StreamSettings) -> dict[str, str]:
    """What clients have configured."""
    return {name: value for name, value in settings.notes.items() if name in TABLE}


def described(config: Config, settings: StreamSettings) -> tuple[str, bool]:
    """A configuration's value, and whether it is the topic's own: a client has set it, or another protocol."""
    value = settings.notes.get(config.name)
    if value is not None:
        return value, True
    show = _SHOWN.get(config.name)
    shown = None if show is None else show(settings)
    return (config.default, False) if shown in {None, config.default} else (str(shown), True)


def _is_ended(settings: StreamSettings) -> bool:
    """Whether age and size end anything: where they do not, for the policy, that is not shown as a setting."""
    return "delete" in _words(settings.notes.get("cleanup.policy", "delete"))


def _shown_policy(settings: StreamSettings) -> str:
    if not settings.compact:
        return "delete"
    return "compact" if settings.retention_ms < 0 else "compact,delete"


_SHOWN: Final[Mapping[str, Callable[[StreamSettings], str | None]]] = {
    "cleanup.policy": _shown_policy,
    "delete.retention.ms": lambda settings: str(settings.tombstone_ms),
    "flush.messages": lambda settings: "1" if settings.level == SYNCED else None,
    HEADER_VALUES: lambda settings: settings.header_values,
    "max.compaction.lag.ms": lambda settings: (
        None if settings.compact_within_ms < 0 else str(settings.compact_within_ms)
    ),
    "max.message.bytes": lambda settings: str(settings.message_bytes_max or MESSAGE_BYTES_MAX),
    "min.cleanable.dirty.ratio": lambda settings: str(settings.dirty_percent / 100),
    "min.compaction.lag.ms": lambda settings: str(settings.compact_after_ms),
    "retention.bytes": lambda settings: (
        str(settings.retention_bytes) if _is_ended(settings) else None
    ),
    "retention.ms": lambda settings: (
        str(settings.retention_ms) if settings.retention_ms and _is_ended(settings) else None
    ),
}
"""Settings of streams that other protocols may have set, as a topic's configurations. None: nothing to show."""
