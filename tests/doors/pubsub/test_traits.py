"""A subscription's settings both ways."""

from dragoman.doors.pubsub.protos import Subscription
from dragoman.doors.pubsub.traits import Traits, complete, foreign_of, settings_of, subscription_of
from dragoman.kernel.api import SubscriptionSettings

PLAIN = SubscriptionSettings()


def settings(**fields: object) -> SubscriptionSettings:
    subscription = Subscription(**fields)
    complete(subscription)
    return settings_of(subscription, lambda place: place.id, PLAIN)


def test_what_was_noted_is_read_again() -> None:
    found = subscription_of(settings(ack_deadline_seconds=20, labels={"a": "1"}))
    assert (found.ack_deadline_seconds, dict(found.labels)) == (20, {"a": "1"})
    assert subscription_of(PLAIN) is None


def test_queues_of_other_doors_are_told_as_well_as_can_be() -> None:
    found = foreign_of(SubscriptionSettings(lease_duration_ms=1, ttl_ms=60_000, order="session"))
    assert (found.ack_deadline_seconds, found.message_retention_duration.seconds) == (10, 60)
    assert found.enable_message_ordering
    assert Traits(SubscriptionSettings(retry_ms=5)).delay_ms(3) == 5


def test_a_message_rests_longer_with_each_attempt_as_the_policy_says() -> None:
    policy = {"minimum_backoff": {"seconds": 1}, "maximum_backoff": {"seconds": 5}}
    traits = Traits(settings(retry_policy=policy))
    assert [traits.delay_ms(attempt) for attempt in (1, 2, 3, 4, 99)] == [
        1000,
        2000,
        4000,
        5000,
        5000,
    ]
    assert Traits(settings()).delay_ms(9) == 0


def test_hot_paths_know_what_they_must() -> None:
    traits = Traits(
        settings(enable_exactly_once_delivery=True, push_config={"push_endpoint": "http://a"})
    )
    assert (traits.is_exact, traits.is_push, traits.is_ordered) == (True, True, False)
    assert (traits.ack_deadline_ms, traits.counts_attempts) == (10_000, False)
