"""Acks, deadlines and what comes back: at least once, in order, exactly once; attempts and dead letters."""

import pytest
from tests.doors.pubsub.client import Pubsub, subscription, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.settling import PERMANENT, runs_of
from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.grpc.codes import FAILED_PRECONDITION, INVALID_ARGUMENT


def made(**fields: object) -> Pubsub:
    pubsub = Pubsub()
    pubsub.make(**fields)  # type: ignore[arg-type]
    return pubsub


def test_what_is_acknowledged_never_comes_again() -> None:
    pubsub = made()
    pubsub.publish(b"0", b"1", b"2")
    received = pubsub.pull()
    pubsub.acknowledge(received[0], received[2])
    pubsub.world.advance(11_000)
    assert pubsub.data() == [b"1"]


def test_an_ack_that_comes_late_counts_unless_somebody_else_has_the_message() -> None:
    pubsub = made()
    pubsub.publish(b"0")
    (first,) = pubsub.pull()
    pubsub.world.advance(11_000)
    pubsub.acknowledge(first)
    assert pubsub.pull() == []
    pubsub.publish(b"1")
    (second,) = pubsub.pull()
    pubsub.world.advance(11_000)
    (third,) = pubsub.pull()
    pubsub.acknowledge(second)
    pubsub.world.advance(11_000)
    assert len(pubsub.pull()) == 1
    assert third.ack_id != second.ack_id


def test_a_deadline_is_put_off_or_ended() -> None:
    pubsub = made()
    pubsub.publish(b"0", b"1")
    first, second = pubsub.pull()
    pubsub.modify(60, first)
    pubsub.modify(0, second)
    assert [one.message.data for one in pubsub.pull()] == [b"1"]
    pubsub.world.advance(50_000)
    assert [one.message.data for one in pubsub.pull()] == [b"1"]
    pubsub.world.advance(11_000)
    assert [one.message.data for one in pubsub.pull()] == [b"0", b"1"]
    pubsub.modify(60, first)  # it is another delivery's now


def test_what_is_none_of_the_subscriptions_ids_is_refused() -> None:
    pubsub = made()
    pubsub.make(sub="other")
    pubsub.publish(b"0")
    (received,) = pubsub.pull("other")
    for ack_id in ("nonsense", received.ack_id):
        status = refused(pubsub, "Acknowledge", subscription=subscription("sub"), ack_ids=[ack_id])
        assert (status.code, "invalid ack ID" in status.message) == (INVALID_ARGUMENT, True)
    assert refused(pubsub, "Acknowledge", subscription=subscription("sub")).code == INVALID_ARGUMENT
    status = refused(
        pubsub,
        "ModifyAckDeadline",
        subscription=subscription("other"),
        ack_ids=[received.ack_id],
        ack_deadline_seconds=601,
    )
    assert status.code == INVALID_ARGUMENT


def test_a_message_given_back_rests_as_the_retry_policy_says() -> None:
    pubsub = made(
        retry_policy={"minimum_backoff": {"seconds": 10}, "maximum_backoff": {"seconds": 30}}
    )
    pubsub.publish(b"0")
    for rest_s in (10, 20, 30, 30):
        (received,) = pubsub.pull()
        pubsub.modify(0, received)
        pubsub.world.advance(rest_s * 1000 - 500)
        assert pubsub.pull() == []
        pubsub.world.advance(1_000)


def test_a_message_that_comes_back_takes_the_later_ones_of_its_key_along() -> None:
    pubsub = made(enable_message_ordering=True)
    pubsub.publish(b"a0", b"a1", b"a2", key="a")
    pubsub.publish(b"b0", key="b")
    received = {one.message.data: one for one in pubsub.pull()}
    assert set(received) == {b"a0", b"a1", b"a2", b"b0"}
    pubsub.acknowledge(received[b"a0"])
    pubsub.modify(0, received[b"a1"])
    assert [one.message.data for one in pubsub.pull()] == [b"a1", b"a2"]


def test_a_message_whose_attempts_are_spent_is_a_dead_letter() -> None:
    pubsub = Pubsub()
    pubsub.make("dead", "graves")
    policy = {"dead_letter_topic": topic("dead"), "max_delivery_attempts": 5}
    pubsub.make(dead_letter_policy=policy)
    pubsub.publish(b"0", tier="gold")
    for attempt in range(1, 6):
        (received,) = pubsub.pull()
        assert received.delivery_attempt == attempt
        pubsub.world.advance(11_000) if attempt % 2 else pubsub.modify(0, received)
    assert pubsub.pull() == []
    (letter,) = pubsub.pull("graves")
    attributes = dict(letter.message.attributes)
    assert (letter.message.data, attributes.pop("tier")) == (b"0", "gold")
    assert attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime").endswith("Z")
    assert attributes == {
        "CloudPubSubDeadLetterSourceSubscription": "sub",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
    }


def test_only_what_the_filter_takes_is_delivered() -> None:
    pubsub = made(filter='attributes.tier = "gold" AND NOT hasPrefix(attributes.region, "us")')
    pubsub.publish(b"0", tier="gold", region="eu")
    pubsub.publish(b"1", tier="gold", region="us-east")
    pubsub.publish(b"2", tier="silver")
    pubsub.publish(b"3", tier="gold")
    assert pubsub.data() == [b"0", b"3"]


def failed(status: Status) -> dict[str, str]:
    (info,) = status.details
    return dict(info.metadata)  # type: ignore[attr-defined]


def test_exactly_once_tells_of_every_id_that_is_no_longer_good() -> None:
    pubsub = made(enable_exactly_once_delivery=True)
    pubsub.publish(b"0", b"1")
    old = pubsub.pull()
    pubsub.world.advance(11_000)
    new = pubsub.pull()
    asked = [old[0].ack_id, new[1].ack_id, "nonsense"]
    status = refused(pubsub, "Acknowledge", subscription=subscription("sub"), ack_ids=asked)
    assert status.code == FAILED_PRECONDITION
    assert failed(status) == dict.fromkeys((old[0].ack_id, "nonsense"), PERMANENT)
    pubsub.acknowledge(new[1])  # again: it is done already
    for seconds in (0, 60):
        status = refused(
            pubsub,
            "ModifyAckDeadline",
            subscription=subscription("sub"),
            ack_ids=[old[0].ack_id],
            ack_deadline_seconds=seconds,
        )
        assert failed(status) == {old[0].ack_id: PERMANENT}
    pubsub.modify(30, new[0])
    pubsub.modify(0, new[0])
    assert pubsub.data() == [b"0"]


@pytest.mark.parametrize(
    ("offsets", "runs"),
    [([], []), ([3], [(3, 4)]), ([1, 2, 5, 6, 9], [(1, 3), (5, 7), (9, 10)]), ([0, 1], [(0, 2)])],
)
def test_offsets_become_runs(offsets: list[int], runs: list[tuple[int, int]]) -> None:
    assert runs_of(offsets) == runs
