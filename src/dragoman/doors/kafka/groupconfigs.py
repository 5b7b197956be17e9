"""Configurations of groups (resource type GROUP, KIP-848 and KIP-932): one table, kept as a document per group.

They may be set before the group is there, and outlive it. What is read of them is read with each request, so that a
change counts at once; how often a message is tried is a setting of the group's subscriptions, and altered with it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from dragoman.doors.kafka.configs import INT, STRING, WORKS, Config, check_value
from dragoman.doors.kafka.errors import Refused
from dragoman.doors.kafka.talk import NAMESPACE, Talk
from dragoman.kernel.api import (
    CONFIGURE,
    GROUP,
    AlterSubscription,
    DescribeQueue,
    GetDocument,
    ListShares,
    Need,
    PutDocument,
    QueueInfo,
    ShareInfo,
    SubscriptionSettings,
)
from dragoman.model.errors import DocumentNotFound, GroupNotFound
from dragoman.wire.kafka.errors import ErrorCode

KIND: Final = "kafka.group"  # of the documents

OFFSET_RESET: Final = "share.auto.offset.reset"
LOCK_MS: Final = "share.record.lock.duration.ms"
ATTEMPTS_MAX: Final = "share.delivery.count.limit"
RENEWAL: Final = "share.renew.acknowledge.enable"
SHARE_SESSION_MS: Final = "share.session.timeout.ms"
SHARE_INTERVAL_MS: Final = "share.heartbeat.interval.ms"
SESSION_MS: Final = "consumer.session.timeout.ms"
INTERVAL_MS: Final = "consumer.heartbeat.interval.ms"

EARLIEST: Final = "earliest"
LATEST: Final = "latest"
BY_DURATION: Final = "by_duration:"

_MINUTE_MS: Final = 60_000
_OFFSETS: Final = "works; where a topic is read from that the group has not read yet"

TABLE: Final[Mapping[str, Config]] = {
    config.name: config
    for config in (
        Config(INTERVAL_MS, INT, "5000", "works; unless set, by how many members there are", 100),
        Config(SESSION_MS, INT, "45000", WORKS, 1_000, 30 * _MINUTE_MS),
        Config(OFFSET_RESET, STRING, LATEST, _OFFSETS),
        Config(ATTEMPTS_MAX, INT, "5", "works; a record is not handed out again after", 1, 1_000),
        Config(SHARE_INTERVAL_MS, INT, "5000", WORKS, 100, _MINUTE_MS),
        Config(
            "share.isolation.level",
            STRING,
            "read_uncommitted",
            "stored only: a record of a transaction is handed out once that has committed",
            words=("read_uncommitted", "read_committed"),
        ),
        Config(
            "share.partition.max.record.locks",
            INT,
            "2000",
            "stored only: what is locked costs a few bytes",
            100,
            10_000,
        ),
        Config(LOCK_MS, INT, "30000", WORKS, 1_000, 60 * _MINUTE_MS),
        Config(RENEWAL, STRING, "true", WORKS, words=("true", "false")),
        Config(SHARE_SESSION_MS, INT, "45000", WORKS, 1_000, 30 * _MINUTE_MS),
    )
}

_NAMES: Final = msgspec.json.Decoder(dict[str, str])


def notes_of(talk: Talk, group: str) -> dict[str, str]:
    """What clients have configured of a group."""
    try:
        return _NAMES.decode(talk.session.submit(GetDocument(kind=KIND, name=group)).body)
    except DocumentNotFound:
        return {}


def number_of(notes: Mapping[str, str], name: str) -> int:
    """A number, as set or by default."""
    return int(notes.get(name, TABLE[name].default))


def check_group_config(name: str, value: str | None) -> str:
    """The value as it is stored. Raises Refused."""
    config = TABLE.get(name)
    if config is None:
        raise Refused(ErrorCode.INVALID_CONFIG, f"there is no group configuration {name}")
    value = check_value(config, value)
    if name == OFFSET_RESET and value not in {EARLIEST, LATEST}:
        duration_ms(value)
    return value


def duration_ms(value: str) -> int:
    """How far back `by_duration:PnDTnHnMn.nS` begins. Raises Refused."""
    try:
        given = msgspec.convert(value.removeprefix(BY_DURATION), timedelta, strict=False)
    except msgspec.ValidationError:
        given = timedelta(-1)
    if not value.startswith(BY_DURATION) or given < timedelta(0):
        raise Refused(
            ErrorCode.INVALID_CONFIG,
            f"{OFFSET_RESET}={value}: one of earliest, latest, by_duration:P1DT2H3M4S",
        )
    return round(given.total_seconds() * 1000)


def share_settings(notes: Mapping[str, str]) -> SubscriptionSettings:
    """Of the leased subscriptions by which a share group reads."""
    return SubscriptionSettings(
        lease_duration_ms=number_of(notes, LOCK_MS),
        attempts_max=number_of(notes, ATTEMPTS_MAX),
        attempts_counted="leased",
        owns_stream=False,
    )


def share_name(group: str) -> str:
    """Of these subscriptions, which no other door's subscription of the topic can be mistaken for."""
    return f"share:{group}"


def store(talk: Talk, group: str, notes: Mapping[str, str]) -> None:
    """These are the group's configurations from now on."""
    takes = Need(NAMESPACE, GROUP, group, CONFIGURE)
    body = msgspec.json.encode(notes)
    talk.session.submit(PutDocument(kind=KIND, name=group, body=body, takes=takes))
    wanted = share_settings(notes)
    for topic in _topics_of(talk, group):
        of_topic = {"name": topic, "subscription": share_name(group)}
        known: QueueInfo = talk.session.submit(DescribeQueue(**of_topic))
        settings = replace(
            known.settings,
            lease_duration_ms=wanted.lease_duration_ms,
            attempts_max=wanted.attempts_max,
        )
        talk.session.submit(AlterSubscription(**of_topic, settings=settings))


def _topics_of(talk: Talk, group: str) -> list[str]:
    try:
        shares: list[ShareInfo] = talk.session.submit(ListShares(group=group))
    except GroupNotFound:
        return []
    return list(dict.fromkeys(share.stream for share in shares))
