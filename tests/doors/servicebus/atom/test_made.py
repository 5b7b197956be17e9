"""Descriptions as settings, and settings as descriptions."""

from contextlib import nullcontext

import pytest

from dragoman.doors.servicebus.atom.errors import AtomError
from dragoman.doors.servicebus.atom.made import (
    limit_ms,
    shorter_ms,
    stream_elements,
    stream_settings,
    subscription_elements,
    subscription_settings,
)
from dragoman.kernel.api import StreamSettings, SubscriptionSettings

SAID = {
    "LockDuration": "PT30S",
    "MaxDeliveryCount": "3",
    "DefaultMessageTimeToLive": "PT1H",
    "DeadLetteringOnMessageExpiration": "true",
    "RequiresSession": "true",
    "AutoDeleteOnIdle": "PT10M",
    "Status": "ReceiveDisabled",
    "UserMetadata": "m",
}


def test_a_description_of_a_queue_is_its_settings_and_back() -> None:
    made = subscription_settings(SubscriptionSettings(), SAID)
    assert (made.lease_duration_ms, made.attempts_max, made.ttl_ms) == (30_000, 3, 3_600_000)
    assert (made.order, made.idle_ms, made.paused) == ("session", 600_000, True)
    assert made.dead_letter_expired
    assert SAID.items() <= subscription_elements(made).items()


def test_a_description_of_a_stream_is_its_settings_and_back() -> None:
    said = {
        "RequiresDuplicateDetection": "true",
        "DuplicateDetectionHistoryTimeWindow": "PT1M",
        "MaxMessageSizeInKilobytes": "10",
        "UserMetadata": "m",
    }
    made = stream_settings(StreamSettings(), said, notes=True)
    assert (made.dedup_window_ms, made.message_bytes_max) == (60_000, 10_240)
    assert said.items() <= stream_elements(made, notes=True).items()


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ({"LockDuration": "PT4.9S"}, False),
        ({"LockDuration": "PT5S"}, True),
        ({"LockDuration": "PT5M0.1S"}, False),
        ({"DuplicateDetectionHistoryTimeWindow": "PT19S"}, False),
        ({"DuplicateDetectionHistoryTimeWindow": "PT20S"}, True),
        ({"DuplicateDetectionHistoryTimeWindow": "P7D"}, True),
        ({"DuplicateDetectionHistoryTimeWindow": "P7DT1S"}, False),
    ],
)
def test_spans_have_bounds_that_are_told(said: dict[str, str], *, stays: bool) -> None:
    said = {"RequiresDuplicateDetection": "true", **said}
    with nullcontext() if stays else pytest.raises(AtomError, match="is out of range: PT"):
        subscription_settings(SubscriptionSettings(), said)
        stream_settings(StreamSettings(), said, notes=False)


def test_a_span_that_is_there_stays_whatever_its_length() -> None:
    short = SubscriptionSettings(lease_duration_ms=1_000)
    assert subscription_settings(short, subscription_elements(short)).lease_duration_ms == 1_000
    assert subscription_settings(short, subscription_elements(short)).attempts_max == 0
    window = StreamSettings(dedup_window_ms=1_000)
    said = stream_elements(window, notes=False)
    assert stream_settings(window, said, notes=False).dedup_window_ms == 1_000


def test_what_another_protocol_set_is_told_in_these_words() -> None:
    said = subscription_elements(SubscriptionSettings(ttl_ms=1_000, paused=True))
    assert said["DefaultMessageTimeToLive"] == "PT1S"
    assert said["Status"] == "ReceiveDisabled"


def test_the_shorter_life_counts() -> None:
    assert shorter_ms(-1, -1) == -1
    assert shorter_ms(5, -1) == 5
    assert shorter_ms(5, 3) == 3
    assert limit_ms({}) == -1
