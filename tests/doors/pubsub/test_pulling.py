"""Pull: what is there, waiting for what comes, and giving up before the client does."""

from typing import Any

from tests.doors.pubsub.client import Pubsub, Waiting, subscription
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.pulling import COUNT_MAX, WAIT_MS_MAX
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, NOT_FOUND


def begin(pubsub: Pubsub, deadline_ms: int | None = None, count: int = 5) -> Waiting:
    found: Any = pubsub.begin(
        "Pull", subscription=subscription("sub"), max_messages=count, deadline_ms=deadline_ms
    )
    assert isinstance(found, Waiting)
    return found


def made() -> Pubsub:
    pubsub = Pubsub()
    pubsub.make()
    return pubsub


def test_at_most_as_many_as_asked_for_are_pulled() -> None:
    pubsub = made()
    pubsub.publish(*[b"%d" % at for at in range(5)])
    assert [one.message.data for one in pubsub.pull(count=2)] == [b"0", b"1"]
    assert [one.message.data for one in pubsub.pull(count=COUNT_MAX + 5)] == [b"2", b"3", b"4"]
    assert pubsub.pull() == []


def test_a_pull_waits_for_what_comes() -> None:
    pubsub = made()
    waiting = begin(pubsub)
    pubsub.publish(b"0", b"1")
    assert [one.message.data for one in waiting.answer.received_messages] == [b"0", b"1"]
    pubsub.acknowledge(*waiting.answer.received_messages)
    pubsub.world.advance(20_000)
    assert pubsub.pull() == []


def test_a_pull_that_waits_in_vain_is_answered_before_its_client_gives_up() -> None:
    pubsub = made()
    waiting = begin(pubsub, deadline_ms=2_000)
    assert waiting.due_ms == pubsub.world.clock.now_ms + 1_750
    pubsub.world.advance(1_800)
    assert not waiting.answer.received_messages
    waiting = begin(pubsub)
    assert waiting.due_ms == pubsub.world.clock.now_ms + WAIT_MS_MAX
    pubsub.publish(b"0")
    assert waiting.is_over


def test_a_pull_nobody_waits_for_takes_nothing() -> None:
    pubsub = made()
    waiting = begin(pubsub)
    waiting.pending.abandon()
    pubsub.publish(b"0")
    assert [one.message.data for one in pubsub.pull()] == [b"0"]


def test_a_subscription_that_goes_away_ends_the_wait() -> None:
    pubsub = made()
    waiting = begin(pubsub)
    waiting.progressed()
    assert not waiting.is_over
    assert waiting.pending.answered(1, None) is None
    pubsub.ask("DeleteSubscription", subscription=subscription("sub"))
    assert getattr(waiting.error, "code", None) == NOT_FOUND


def test_what_cannot_be_pulled_is_refused() -> None:
    pubsub = made()
    for count in (0, -1):
        status = refused(pubsub, "Pull", subscription=subscription("sub"), max_messages=count)
        assert status.code == INVALID_ARGUMENT
    assert refused(pubsub, "Pull", subscription="x", max_messages=1).code == INVALID_ARGUMENT
    assert (
        refused(pubsub, "Pull", subscription=subscription("abc"), max_messages=1).code == NOT_FOUND
    )


def test_a_message_that_is_not_acknowledged_comes_again_after_its_deadline() -> None:
    pubsub = made()
    pubsub.publish(b"0")
    assert len(pubsub.pull()) == 1
    pubsub.world.advance(9_000)
    assert pubsub.pull() == []
    pubsub.world.advance(2_000)
    assert [one.message.data for one in pubsub.pull()] == [b"0"]
