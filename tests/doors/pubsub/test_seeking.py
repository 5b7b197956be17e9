"""Seek and snapshots: back to a time, forward past everything, back to how a subscription stood."""

import pytest
from tests.doors.pubsub.client import Pubsub, snapshot, subscription, topic
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.shared.grpc.call import Status
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
    UNIMPLEMENTED,
)


def made(**fields: object) -> Pubsub:
    pubsub = Pubsub()
    pubsub.make(**fields)  # type: ignore[arg-type]
    return pubsub


def seek(pubsub: Pubsub, **fields: object) -> None:
    pubsub.ask("Seek", subscription=subscription("sub"), **fields)


def at(ms: int) -> dict[str, int]:
    return {"seconds": ms // 1000, "nanos": ms % 1000 * 1_000_000}


def test_what_was_acknowledged_and_kept_comes_again_from_a_time_on() -> None:
    pubsub = made(retain_acked_messages=True)
    pubsub.publish(b"0")
    pubsub.world.advance(5_000)
    since = pubsub.world.clock.now_ms
    pubsub.publish(b"1")
    pubsub.publish(b"2")
    assert pubsub.data() == [b"0", b"1", b"2"]
    seek(pubsub, time=at(since))
    assert pubsub.data() == [b"1", b"2"]
    seek(pubsub, time=at(0))
    assert pubsub.data() == [b"0", b"1", b"2"]


def test_a_time_to_come_drops_what_is_there() -> None:
    pubsub = made()
    pubsub.publish(b"0", b"1")
    seek(pubsub, time=at(pubsub.world.clock.now_ms + 1_000))
    assert pubsub.pull() == []
    pubsub.publish(b"2")
    assert pubsub.data() == [b"2"]


def test_a_seek_has_an_aim() -> None:
    pubsub = made()
    for fields, code in (
        ({}, INVALID_ARGUMENT),
        ({"snapshot": snapshot("absent")}, NOT_FOUND),
        ({"snapshot": "projects/other/snapshots/abc"}, INVALID_ARGUMENT),
        ({"snapshot": "x"}, INVALID_ARGUMENT),
    ):
        status = refused(pubsub, "Seek", subscription=subscription("sub"), **fields)
        assert status.code == code


def test_a_subscription_goes_back_to_its_snapshot() -> None:
    pubsub = made()
    pubsub.publish(b"0", b"1")
    (first, _) = pubsub.pull()
    pubsub.acknowledge(first)
    found = pubsub.ask(
        "CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub"), labels={"a": "1"}
    )
    assert (found.name, found.topic, dict(found.labels)) == (
        snapshot("snap"),
        topic("orders"),
        {"a": "1"},
    )
    assert found.expire_time.ToMilliseconds() - pubsub.world.clock.now_ms == 7 * 86_400_000
    pubsub.publish(b"2")
    pubsub.world.advance(11_000)
    assert pubsub.data() == [b"1", b"2"]
    seek(pubsub, snapshot=snapshot("snap"))
    assert pubsub.data() == [b"1", b"2"]
    status = refused(
        pubsub, "CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub")
    )
    assert status.code == ALREADY_EXISTS


def test_snapshots_are_told_listed_changed_and_deleted() -> None:
    pubsub = made()
    for name in (snapshot("bbb"), snapshot("aaa"), ""):
        pubsub.ask("CreateSnapshot", name=name, subscription=subscription("sub"))
    names = [
        each.name for each in pubsub.ask("ListSnapshots", project="projects/default").snapshots
    ]
    assert names[:2] == [snapshot("aaa"), snapshot("bbb")]
    assert names[2].startswith(snapshot("snapshot-"))
    assert list(pubsub.ask("ListTopicSnapshots", topic=topic("orders")).snapshots) == names
    wanted = {"name": snapshot("aaa"), "labels": {"b": "2"}}
    changed = pubsub.ask("UpdateSnapshot", snapshot=wanted, update_mask={"paths": ["labels"]})
    assert pubsub.ask("GetSnapshot", snapshot=snapshot("aaa")) == changed
    assert dict(changed.labels) == {"b": "2"}
    status = refused(
        pubsub, "UpdateSnapshot", snapshot=wanted, update_mask={"paths": ["expire_time"]}
    )
    assert status.code == UNIMPLEMENTED
    pubsub.ask("DeleteSnapshot", snapshot=snapshot("aaa"))
    for method in ("GetSnapshot", "DeleteSnapshot"):
        assert refused(pubsub, method, snapshot=snapshot("aaa")).code == NOT_FOUND


def test_a_snapshot_that_would_soon_be_over_is_refused() -> None:
    pubsub = made(message_retention_duration={"seconds": 31 * 86_400})
    pubsub.publish(b"0")
    pubsub.world.advance(7 * 86_400_000 - 3_000_000)
    with pytest.raises(Status) as info:
        pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub"))
    assert info.value.code == FAILED_PRECONDITION


def snap(pubsub: Pubsub, sub: str = "sub") -> None:
    pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription(sub))


def test_a_snapshot_of_an_ordered_subscription_brings_back_what_it_had_to_do_in_its_order() -> None:
    pubsub = made(enable_message_ordering=True)
    pubsub.publish(b"a0", b"a1", key="a")
    pubsub.publish(b"b0", b"b1", key="b")
    assert pubsub.data(count=1) == [b"a0"]
    (held,) = pubsub.pull(count=1)
    snap(pubsub)
    pubsub.publish(b"a2", key="a")
    pubsub.acknowledge(held)
    while pubsub.data():
        pass
    seek(pubsub, snapshot=snapshot("snap"))
    found: list[bytes] = []
    while data := pubsub.data():
        found += data
    assert [one for one in found if one[:1] == b"a"] == [b"a1", b"a2"]
    assert [one for one in found if one[:1] == b"b"] == [b"b0", b"b1"]


def test_a_snapshot_of_a_filtered_subscription_brings_back_what_it_takes() -> None:
    pubsub = made(filter='attributes.tier = "gold"')
    pubsub.publish(b"0", b"1", tier="gold")
    pubsub.publish(b"2", tier="tin")
    assert pubsub.data(count=1) == [b"0"]
    snap(pubsub)
    pubsub.publish(b"3", tier="gold")
    assert pubsub.data() == [b"1", b"3"]
    seek(pubsub, snapshot=snapshot("snap"))
    assert pubsub.data() == [b"1", b"3"]


def test_a_snapshot_serves_other_subscriptions_of_its_topic_each_in_its_way() -> None:
    pubsub = made()
    pubsub.make(sub="gold", filter="attributes:gold")
    pubsub.make(sub="ordered", enable_message_ordering=True)
    pubsub.publish(b"0", b"1", gold="1")
    pubsub.publish(b"2", key="k")
    assert pubsub.data(count=1) == [b"0"]
    snap(pubsub)
    for sub, expected in (("gold", [b"1"]), ("ordered", [b"1", b"2"]), ("sub", [b"1", b"2"])):
        while pubsub.data(sub):
            pass
        pubsub.ask("Seek", subscription=subscription(sub), snapshot=snapshot("snap"))
        assert pubsub.data(sub) == expected


def test_a_snapshot_is_of_the_project_of_its_topic() -> None:
    pubsub = made()
    name = "projects/other/subscriptions/sub"
    pubsub.ask("CreateSubscription", name=name, topic=topic("orders"))
    status = refused(
        pubsub, "CreateSnapshot", name="projects/other/snapshots/snap", subscription=name
    )
    assert status.code == UNIMPLEMENTED
