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


def test_what_has_an_order_or_a_filter_has_no_snapshots() -> None:
    pubsub = made(enable_message_ordering=True)
    with pytest.raises(Status) as info:
        pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription("sub"))
    assert info.value.code == FAILED_PRECONDITION
    pubsub.make(sub="plain")
    pubsub.ask("CreateSnapshot", name=snapshot("snap"), subscription=subscription("plain"))
    status = refused(pubsub, "Seek", subscription=subscription("sub"), snapshot=snapshot("snap"))
    assert status.code == FAILED_PRECONDITION


def test_a_snapshot_is_of_the_project_of_its_topic() -> None:
    pubsub = made()
    name = "projects/other/subscriptions/sub"
    pubsub.ask("CreateSubscription", name=name, topic=topic("orders"))
    status = refused(
        pubsub, "CreateSnapshot", name="projects/other/snapshots/snap", subscription=name
    )
    assert status.code == UNIMPLEMENTED
