"""The table of configurations by itself."""

import pytest

from dragoman.doors.kafka.configs import TABLE, apply_notes, check_config, settings_of, topic_notes
from dragoman.doors.kafka.errors import Refused
from dragoman.kernel.api import StreamSettings


def test_every_default_would_be_taken() -> None:
    for config in TABLE.values():
        if not config.words or config.default:
            assert check_config(config.name, config.default) == config.default
    with pytest.raises(Refused):
        check_config("", "x")


def test_what_another_protocol_set_stays_until_it_is_configured() -> None:
    made = StreamSettings(retention_ms=0, message_bytes_max=5, notes={"x-queue": "1"})
    altered = apply_notes(made, {"retention.bytes": "7"})
    assert (altered.retention_ms, altered.message_bytes_max, altered.retention_bytes) == (0, 5, 7)
    assert altered.notes == {"x-queue": "1", "retention.bytes": "7"}
    assert topic_notes(altered) == {"retention.bytes": "7"}


def test_a_new_topic_keeps_a_week() -> None:
    settings = settings_of({}, 3)
    assert (settings.partitions, settings.retention_ms) == (3, 604_800_000)


def test_a_retention_of_nothing_is_the_shortest_there_is() -> None:
    assert settings_of({"retention.ms": "0"}, 1).retention_ms == 1
    assert settings_of({"retention.ms": "-1"}, 1).retention_ms == -1
