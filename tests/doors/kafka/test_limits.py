from dragoman.doors.kafka.configs import MESSAGE_BYTES_MAX, settings_of
from dragoman.doors.kafka.limits import TIME_MAX_MS, TopicLimits
from dragoman.kernel.api import StreamHead


def limits(**notes: str) -> TopicLimits:
    given = {name.replace("_", "."): value for name, value in notes.items()}
    return TopicLimits(StreamHead(1, "t", settings_of(given, 1), 1))


def test_the_defaults_are_kafkas() -> None:
    found = limits()
    assert found.checks.batch_bytes_max == MESSAGE_BYTES_MAX
    assert found.ahead_max_ms == 3_600_000
    assert found.behind_max_ms == TIME_MAX_MS
    assert not found.is_special


def test_bounds_of_time_do_not_matter_where_the_broker_sets_it() -> None:
    found = limits(message_timestamp_type="LogAppendTime", message_timestamp_after_max_ms="1")
    assert found.stamps
    assert found.ahead_max_ms == TIME_MAX_MS


def test_a_topic_limits_size_and_time() -> None:
    found = limits(max_message_bytes="9", message_timestamp_before_max_ms="5")
    assert (found.checks.batch_bytes_max, found.behind_max_ms) == (9, 5)
