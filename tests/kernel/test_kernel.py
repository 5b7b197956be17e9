from typing import Any

import pytest
from tests.fakes.kernel import make_kernel
from tests.kernel.leases.made import Queue

from dragoman.kernel import features
from dragoman.kernel.commands import (
    Consume,
    CreateStream,
    DeclareQueue,
    DescribeQueue,
    FindEpoch,
    FindStream,
    ListQueues,
    Publish,
    Read,
)
from dragoman.kernel.kernel import CALM_MS, QUIET, SWEEPS_MAX, Kernel
from dragoman.kernel.records import Published, SessionStateSet
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.kernel.state import Needs
from dragoman.model.errors import NotSupported, StreamNotFound
from dragoman.model.levels import CANONICAL


def test_a_command_that_nobody_answers_is_refused_by_its_name() -> None:
    with pytest.raises(NotSupported, match="object"):
        make_kernel().submit(object(), 1)


def test_what_is_refused_leaves_no_record() -> None:
    kernel = make_kernel()
    with pytest.raises(StreamNotFound):
        kernel.publish(Publish("default", Address("gone"), CANONICAL, [b"x"]))
    assert not kernel.has_records()


def test_records_are_handed_over_once() -> None:
    queue = Queue()
    assert queue.kernel.drain_records() != []
    assert not queue.kernel.has_records()
    queue.publish(b"x")
    (record,) = queue.kernel.drain_records()
    assert isinstance(record, Published)
    assert queue.kernel.drain_records() == []


def test_a_record_that_fails_half_way_leaves_a_kernel_nobody_believes() -> None:
    kernel = Queue().kernel
    (subscription,) = kernel.state.subscriptions
    with pytest.raises(IndexError):
        kernel.commit([SessionStateSet(subscription, 7, b"key", b"state")])  # it has one partition
    assert kernel.is_broken


def test_the_same_records_make_the_same_kernel() -> None:
    queue = Queue(length_max=5)
    queue.kernel.begin(1)
    queue.publish(b"1", b"2", b"3")
    first, *_ = queue.lease(2)
    queue.settle(first)
    other = make_kernel()
    for record in queue.kernel.drain_records():
        other.apply(record)
    asked = DescribeQueue(name="q")
    mine, theirs = queue.kernel.submit(asked, 1), other.submit(asked, 1)
    assert (mine.ready, mine.settings) == (theirs.ready, theirs.settings)


def test_everybody_in_memory_is_served_before_anything_is_loaded() -> None:
    kernel = make_kernel()
    for name in ("cold", "warm"):
        settings = SubscriptionSettings(early=True)
        kernel.submit(DeclareQueue(name=name, settings=settings, stream=StreamSettings()), 1)
        kernel.publish(Publish("default", Address(name), CANONICAL, [name.encode()]))
        kernel.submit(Consume(name=name), 1)
    (block,) = kernel.state.stream("default", "cold").partitions[0].blocks
    block.bodies = None
    with pytest.raises(Needs) as needs:
        kernel.dispatch()
    assert needs.value.blocks == [block]
    assert [each.bodies for each in kernel.drain_deliveries()[1]] == [[b"warm"]]
    block.bodies = [b"cold"]
    kernel.dispatch()
    assert [each.bodies for each in kernel.drain_deliveries()[1]] == [[b"cold"]]


def test_time_is_worked_off_in_bounded_steps_and_the_kernel_says_when_to_come_again() -> None:
    kernel = make_kernel()
    assert kernel.deadlines()[1] is None
    kernel.now_ms = 1_000
    for number in range(SWEEPS_MAX + 5):
        settings = SubscriptionSettings(ttl_ms=100)
        name = f"q{number}"
        kernel.submit(DeclareQueue(name=name, settings=settings, stream=StreamSettings()), 1)
        kernel.publish(Publish("default", Address(name), CANONICAL, [b"x"]))
    kernel.trim_crowded()
    while kernel.trim_crowded():
        pass
    assert kernel.deadlines()[1] == 1_100
    kernel.now_ms = 1_100
    assert kernel.sweep(), "there is more than one call may do"
    while kernel.sweep():
        pass
    assert [info.ready for info in kernel.submit(ListQueues(), 1)] == [0] * (SWEEPS_MAX + 5)


def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name whenever features are asked what they have to do."""
    found: list[str] = []

    def sweep(_: object) -> bool:
        found.append("asked")
        return False

    monkeypatch.setattr(features, "SWEEPS", (sweep, *features.SWEEPS))
    return found


def test_messages_that_are_no_features_business_do_not_ask_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Queue()
    found = asked(monkeypatch)
    queue.kernel.sweep()
    assert found == ["asked"], "a queue was declared"
    queue.publish(b"x")
    for delivery in queue.lease(1):
        queue.settle(delivery)
    queue.kernel.sweep()
    assert found == ["asked"]


def test_whatever_may_stir_features_has_them_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = make_kernel()
    found = asked(monkeypatch)
    kernel.sweep()
    kernel.submit(CreateStream(name="s"), 1)
    kernel.sweep()
    kernel.sweep()
    assert len(found) == 2
    kernel.elapsed_ms += CALM_MS
    kernel.sweep()
    assert len(found) == 3, "time passes for them, too"
    kernel.close_session(1)
    kernel.sweep()
    assert len(found) == 4


def test_who_only_looks_at_a_log_does_not_ask_features(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = make_kernel()
    found = asked(monkeypatch)
    kernel.submit(CreateStream(name="s"), 1)
    kernel.publish(Publish("default", Address("s"), CANONICAL, [b"x"]))
    kernel.sweep()
    assert len(found) == 1
    looks: list[Any] = [
        FindStream(name="s"),
        FindEpoch(name="s", partition=0, epoch=1),
        Read(name="s", partition=0, offset=0, bytes_max=1),
    ]
    for look in looks:
        kernel.submit(look, 1)
        kernel.sweep()
    assert {type(look) for look in looks} < QUIET
    assert len(found) == 1


def test_what_a_session_held_and_owned_goes_with_it() -> None:
    kernel = make_kernel()
    kernel.submit(DeclareQueue(name="kept", settings=SubscriptionSettings()), 1)
    owner, other = kernel.open_session(), kernel.open_session()
    assert owner != other
    own = SubscriptionSettings(exclusive=True, durable=False)
    kernel.submit(DeclareQueue(name="own", settings=own), owner)
    kernel.publish(Publish("default", Address("kept"), CANONICAL, [b"x"]))
    kernel.submit(Consume(name="kept"), owner)
    kernel.dispatch()
    assert kernel.submit(DescribeQueue(name="kept"), 1).leased == 1
    kernel.close_session(owner)
    infos = kernel.submit(ListQueues(), 1)
    assert [(info.name, info.ready, info.leased, info.consumers) for info in infos] == [
        ("kept", 1, 0, 0)
    ]


@pytest.mark.parametrize("retention_ms", [0, -1])
def test_entries_that_all_are_done_with_are_forgotten_unless_the_stream_keeps_them(
    retention_ms: int,
) -> None:
    queue = Queue(stream=StreamSettings(retention_ms=retention_ms))
    queue.publish(b"1", b"2")
    for delivery in queue.lease(2):
        queue.settle(delivery)
    queue.kernel.release()
    (partition,) = queue.kernel.state.stream("default", "q").partitions
    assert partition.start == (2 if retention_ms == 0 else 0)


def test_after_a_recovery_everything_is_counted_once() -> None:
    kernel: Kernel = make_kernel()
    kernel.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)), 1)
    kernel.publish(Publish("default", Address("s"), CANONICAL, [b"abc"]))
    counted = kernel.state.usage.stored_bytes
    kernel.state.usage.stored_bytes = 0
    kernel.release_all()
    assert kernel.state.usage.stored_bytes == counted > 0
