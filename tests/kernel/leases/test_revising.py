"""Properties that readers set on messages: who sees them, how long, and how many there may be."""

from typing import Any

import pytest
from tests.kernel.leases.made import Queue, bodies
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import DeclareQueue, Lease, Settle
from dragoman.kernel.leases import revising
from dragoman.kernel.leases.commands import CreateSubscription, LeaseDeferred
from dragoman.kernel.leases.peek import Peek
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings
from dragoman.model.errors import QuotaExceeded


def peeked(queue: Queue) -> list[bytes]:
    found = queue.kernel.submit(Peek(name="q", count_max=9), queue.session)
    return [each.body for each in found]


def test_what_is_set_on_a_message_given_back_is_there_the_next_time_in_its_place() -> None:
    queue = Queue()
    queue.publish(b"0;n=1", b"1", b"2")
    first, *_ = queue.lease(1)
    queue.settle(first, "release", headers={"seen": 1, "n": 2})
    assert peeked(queue) == [b"0;n=2,seen=1", b"1", b"2"]
    again = queue.lease(9)
    assert bodies(again) == [b"0;n=2,seen=1", b"1", b"2"]
    queue.settle(again[0], "release", headers={"more": 3})
    assert queue.take(1) == [b"0;n=2,seen=1,more=3"]


def test_consumers_are_handed_it_too_and_what_stands_around_it_unchanged() -> None:
    queue = Queue(early=True)
    queue.publish(b"0", b"1", b"2", b"3")
    taken = queue.lease(9)[0]
    taken.start, taken.end = 1, 3
    queue.settle(taken, "release", headers={"seen": 1}, delay_ms=0)
    taken.start, taken.end = 3, 4
    queue.settle(taken, "release", delay_ms=0)
    queue.consume(credit_max=9)
    assert bodies(queue.delivered()) == [b"1;seen=1", b"2;seen=1", b"3"]


def test_a_deferred_message_is_taken_as_it_was_left() -> None:
    queue = Queue()
    queue.publish(b"0", b"1", b"2")
    taken = queue.lease(9)[0]
    for offset, headers in ((0, None), (1, {"seen": 1}), (2, None)):
        taken.start, taken.end = offset, offset + 1
        queue.settle(taken, "defer", headers=headers)
    found = queue.kernel.submit(LeaseDeferred(name="q", offsets=[0, 1, 2]), queue.session)
    assert bodies(found) == [b"0", b"1;seen=1", b"2"]


def test_dead_letters_have_it_and_what_their_last_reader_sets() -> None:
    queue = Queue(dead_letter=Address("dead"), attempts_max=2)
    queue.kernel.submit(DeclareQueue(name="dead"), queue.session)
    queue.publish(b"0", b"1", b"2")
    for delivery in queue.lease(1), queue.lease(1):
        queue.settle(delivery[0], "release", headers={"seen": 1}, failed=True, delay_ms=0)
    queue.settle(queue.lease(1)[0], "release", headers={"last": 1}, failed=True, delay_ms=0)
    queue.settle(queue.lease(1)[0], "release", failed=True, delay_ms=0)
    dead = queue.lease(9, name="dead")
    assert bodies(dead) == [b"0;seen=1,last=1|delivery_limit", b"1;seen=1|delivery_limit"]


def test_other_subscriptions_have_what_was_sent() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    queue.kernel.submit(CreateSubscription(name="q", subscription="other"), queue.session)
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "release", headers={"seen": 1})
    assert queue.take(1, subscription="other") == [b"0"]
    assert queue.take(1) == [b"0;seen=1"]


def test_of_a_batch_one_message_is_changed() -> None:
    queue = Queue()
    queue.publish(b"0\n1\n2", packed=3)
    taken = queue.lease(9)[0]
    taken.start, taken.end = 1, 2
    queue.settle(taken, "release", headers={"seen": 1}, delay_ms=0)
    assert queue.take(9) == [b"1;seen=1"]


def test_one_that_cannot_have_it_stays_as_it_is() -> None:
    queue = Queue()
    queue.publish(b"0")
    queue.settle(queue.lease(1)[0], "release", headers={"unwritable": 1})
    assert queue.take(1) == [b"0"]


def test_it_expires_when_the_message_does() -> None:
    queue = Queue()
    queue.kernel.now_ms = 1_000
    queue.publish(b"0", b"1", expires_ms=[1_100, 0])
    queue.settle(queue.lease(1)[0], "release", headers={"seen": 1}, delay_ms=0)
    queue.kernel.now_ms = 1_200
    assert queue.take(9) == [b"1"]


def test_nothing_is_kept_of_a_message_that_is_done() -> None:
    queue = Queue()
    queue.publish(b"0", b"1")
    for _ in range(2):
        queue.settle(queue.lease(1)[0], "release", headers={"seen": 1}, delay_ms=0)
    revisions = queue.kernel.state.subscription("default", "q").windows[0].revisions
    assert revisions is not None and set(revisions.blocks) == {0}
    queue.settle(queue.lease(1)[0])
    assert (revisions.blocks, revisions.size) == ({}, 0)


@pytest.mark.parametrize(("name", "limit"), [("REVISIONS_MAX", 2), ("REVISION_BYTES_MAX", 20)])
def test_past_the_bound_it_is_refused_and_the_message_stays_held(
    name: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revising, name, limit)
    queue = Queue()
    queue.publish(b"0", b"1", b"2")
    taken = queue.lease(1), queue.lease(1), queue.lease(1)
    for delivery in taken[:2]:
        queue.settle(delivery[0], "defer", headers={"seen": 1})
    with pytest.raises(QuotaExceeded):
        queue.settle(taken[2][0], "defer", headers={"seen": 1})
    assert (queue.info().leased, queue.info().deferred) == (1, 2)
    queue.settle(taken[2][0], "defer")


def settle(node: Any, session: Any, outcome: Any, headers: dict[str, object]) -> None:
    (taken,) = session.submit(Lease(name="q", count_max=1))
    command = Settle(taken.holder.subscription.id, 0, taken.holder.id, [(0, 1)], outcome)
    command.headers, command.delay_ms = headers, 0
    session.settle(command)
    node.settle()


@pytest.mark.parametrize("checkpoints", ["", "before", "after", "between"])
def test_what_was_set_outlives_a_crash(checkpoints: str) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    publish(session, "q", b"0")
    node.settle()
    for number in range(2):
        if checkpoints == "before" or (number and checkpoints == "between"):
            node.checkpoint()
        settle(node, session, "release", {f"h{number}": number})
    if checkpoints == "after":
        node.checkpoint()
    node = engine.start()
    session = node.connect()
    (taken,) = session.submit(Lease(name="q", count_max=1))
    assert taken.bodies == [b"0;h0=0,h1=1"]
    ack(session, taken)
    node.settle()
    node.checkpoint()
    node = engine.start()
    assert node.connect().submit(Lease(name="q", count_max=1)) == []


def test_what_is_carried_on_has_it() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    declare(session, "carried")
    publish(session, "q", b"0", b"1")
    node.settle()
    settle(node, session, "release", {"seen": 1})
    settings = PumpSettings(targets=(Address("carried"),))
    session.submit(CreatePump(name="p", source="q", subscription="q", settings=settings))
    node.settle()
    assert bodies(session.submit(Lease(name="carried", count_max=9))) == [b"0;seen=1", b"1"]
