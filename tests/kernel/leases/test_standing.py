from typing import Any

import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.leases.standing import EARLY, LEASE, MESSAGE, standing_of, without_acks
from dragoman.kernel.settings import StreamSettings, SubscriptionSettings


@pytest.mark.parametrize(
    ("settings", "standing"),
    [
        ({}, MESSAGE),
        ({"order": "priority", "priorities": 5}, MESSAGE),
        ({"filter": {"colour": "red"}}, MESSAGE),
        ({"early": True}, EARLY),
        ({"early": True, "single_active": True}, EARLY),
        ({"single_active": True}, LEASE),
        ({"order": "key"}, LEASE),
        ({"order": "session"}, LEASE),
        ({"exactly_once": True}, LEASE),
        ({"early": True, "order": "key"}, LEASE),
        ({"early": True, "order": "session"}, LEASE),
        ({"early": True, "exactly_once": True}, LEASE),
    ],
)
def test_what_a_delivery_stands_on_follows_from_the_subscription(
    settings: dict[str, Any], standing: int
) -> None:
    made = SubscriptionSettings(**settings)
    assert standing_of(made, durable=True) == standing
    assert standing_of(made, durable=False) == EARLY


def test_readers_that_do_not_acknowledge_need_their_leases_unless_they_are_served_early() -> None:
    assert [without_acks(known) for known in (EARLY, MESSAGE, LEASE)] == [EARLY, LEASE, LEASE]


def test_a_delivery_knows_what_it_stands_on_when_it_is_made() -> None:
    queue = Queue()
    queue.publish(b"1", b"2", b"3")
    (acknowledged,), (done,) = queue.lease(1), queue.lease(1, no_ack=True)
    queue.kernel.submit(
        AlterSubscription(name="q", settings=SubscriptionSettings(early=True)), queue.session
    )
    (early,) = queue.lease(1)
    standings = (acknowledged.standing, done.standing, early.standing)
    assert standings == (MESSAGE, LEASE, EARLY)


def test_nothing_of_a_stream_that_is_not_durable_waits() -> None:
    queue = Queue(stream=StreamSettings(durable=False), order="key")
    queue.publish_keys("a.1")
    (delivery,) = queue.lease(1)
    assert delivery.standing == EARLY
