"""What is said of the broker is what it does."""

from tests.doors.kafka.client import World

from dragoman.doors.kafka.brokerconfigs import OWN, rows, synonym_of
from dragoman.doors.kafka.clientlimits import EVENT_HUBS, KAFKA, ClientLimits
from dragoman.doors.kafka.configs import TABLE
from dragoman.doors.kafka.metadata import PARTITIONS_DEFAULT
from dragoman.kernel.groups.coordinator import INITIAL_DELAY_MS
from dragoman.kernel.groups.terms import SESSION_TIMEOUT_MAX_MS, SESSION_TIMEOUT_MIN_MS
from dragoman.model.limits import TRANSACTION_TIMEOUT_MS_MAX, TRANSACTIONAL_ID_UNUSED_MS
from dragoman.wire.kafka.frame import FRAME_BYTES_MAX


def test_its_numbers_are_those_of_the_code() -> None:
    said = {row.name: row.value for row in OWN}
    for name, number in {
        "group.initial.rebalance.delay.ms": INITIAL_DELAY_MS,
        "group.max.session.timeout.ms": SESSION_TIMEOUT_MAX_MS,
        "group.min.session.timeout.ms": SESSION_TIMEOUT_MIN_MS,
        "num.partitions": PARTITIONS_DEFAULT,
        "socket.request.max.bytes": FRAME_BYTES_MAX,
        "transaction.max.timeout.ms": TRANSACTION_TIMEOUT_MS_MAX,
        "transactional.id.expiration.ms": TRANSACTIONAL_ID_UNUSED_MS,
    }.items():
        assert said[name] == str(number), name


def test_topics_have_their_defaults_from_it_where_kafkas_do() -> None:
    assert synonym_of("retention.ms") == "log.retention.ms"
    apart = {name for name in TABLE if synonym_of(name) is None}
    assert apart == {
        "dragoman.header.values",
        "follower.replication.throttled.replicas",
        "leader.replication.throttled.replicas",
        "remote.storage.enable",
    }


def test_the_limit_of_what_is_said_with_an_offset_is_the_one_in_force() -> None:
    talk = World().connect().door._talk
    for limits in (KAFKA, EVENT_HUBS):
        talk.limits = ClientLimits(limits)
        row = next(row for row in rows(talk) if row.name == "offset.metadata.max.bytes")
        assert row.value == str(limits.metadata_bytes_max)
        assert row.is_set is (limits is EVENT_HUBS)
