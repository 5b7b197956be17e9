"""Descriptions as settings, and settings as descriptions."""

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


def test_what_another_protocol_set_is_told_in_these_words() -> None:
    said = subscription_elements(SubscriptionSettings(ttl_ms=1_000, paused=True))
    assert said["DefaultMessageTimeToLive"] == "PT1S"
    assert said["Status"] == "ReceiveDisabled"


def test_the_shorter_life_counts() -> None:
    assert shorter_ms(-1, -1) == -1
    assert shorter_ms(5, -1) == 5
    assert shorter_ms(5, 3) == 3
    assert limit_ms({}) == -1
