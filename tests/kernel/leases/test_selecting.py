"""Receivers that select from a queue: each gets precisely its own, and nobody else misses what they step over."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.kernel.leases.made import Queue, bodies
from tests.kernel.transactions.writer import Writer
from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare

from dragoman.kernel.commands import (
    AlterStream,
    Cancel,
    Consume,
    DescribeQueue,
    IsDry,
    Lease,
    Publish,
    SetCredit,
    Settle,
)
from dragoman.kernel.entities import Holder
from dragoman.kernel.leases import selecting
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.leases.dispatch import DISPATCH_MAX
from dragoman.kernel.leases.seek import AlterSubscription, Seek
from dragoman.kernel.leases.selecting import LOOK_COST, LOOKED_MAX
from dragoman.kernel.leases.states import RETURNED
from dragoman.kernel.rules.commands import PutRule
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InUse, InvalidArgument, NotSupported

RED, BLUE = "colour = 'red'", "colour = 'blue'"


def messages(*colours: str, first: int = 0) -> list[bytes]:
    return [f"{n};colour={colour}".encode() for n, colour in enumerate(colours, first)]


def numbers(found: list[bytes]) -> list[int]:
    return [int(body.partition(b";")[0]) for body in found]


def got(queue: Queue, *, settled: bool = True) -> dict[int, list[int]]:
    """What each holder is handed, until nobody is handed anything."""
    found: dict[int, list[int]] = {}
    while deliveries := queue.delivered():
        for delivery in deliveries:
            found.setdefault(delivery.holder.id, []).extend(numbers(bodies([delivery])))
            if settled:
                queue.settle(delivery)
    return found


def test_each_gets_its_own_and_what_nobody_wants_stays_in_order() -> None:
    queue = Queue()
    red, blue = queue.consume(selector=RED), queue.consume(selector=BLUE)
    queue.publish(*messages("red", "green", "blue", "blue", "green", "red", "red"))
    assert got(queue) == {red.id: [0, 5, 6], blue.id: [2, 3]}
    assert queue.info().ready == 2
    assert numbers(queue.take(10)) == [1, 4]


def test_what_was_passed_over_comes_before_what_was_never_looked_at() -> None:
    queue = Queue()
    queue.consume(selector=RED, credit_max=1)
    queue.publish(*messages("blue", "blue", "red", "red", "blue"))
    (delivery,) = queue.delivered()
    assert numbers(bodies([delivery])) == [2]
    rest = queue.lease(10)
    assert numbers(bodies(rest)) == [0, 1, 3, 4]
    assert [delivery.tries for delivery in rest] == [[0, 0], None]  # no attempt was made


def test_credit_is_for_what_is_selected() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED, metered=True, credit_max=2)
    queue.publish(*messages(*["blue", "red"] * 4))
    assert got(queue) == {holder.id: [1, 3]}
    queue.kernel.submit(SetCredit(holder=holder.id, credit_max=1), queue.session)
    assert got(queue) == {holder.id: [5]}


def test_who_finds_nothing_changes_nothing() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED)
    queue.publish(*messages(*["blue"] * 100))
    queue.kernel.drain_records()
    assert got(queue) == {}
    assert queue.kernel.drain_records() == []
    assert queue.kernel.submit(IsDry(holder=holder.id), queue.session)
    (window,) = holder.subscription.windows
    assert (window.frontier, window.chunks, window.ready) == (0, [], 100)


def test_what_comes_back_is_looked_at_again() -> None:
    queue = Queue()
    queue.publish(*messages("red", "blue"))
    (delivery,) = queue.lease(2)
    red = queue.consume(selector=RED)
    assert got(queue) == {}
    queue.settle(delivery, "release", delay_ms=0)
    assert got(queue) == {red.id: [0]}
    (delivery,) = queue.lease(1)
    queue.settle(delivery, "release", delay_ms=1_000)
    assert got(queue) == {}
    blue = queue.consume(selector=BLUE)
    queue.pass_ms(1_000)
    assert got(queue) == {blue.id: [1]}


def test_what_a_reader_has_set_counts() -> None:
    queue = Queue()
    red = queue.consume(selector=RED)
    queue.publish(*messages("blue", "blue"))
    assert got(queue) == {}
    (delivery,) = queue.lease(1)
    queue.settle(delivery, "release", delay_ms=0, headers={"colour": "red"})
    assert got(queue) == {red.id: [0]}


def test_one_that_finds_nothing_does_not_keep_those_of_lower_priority_waiting() -> None:
    queue = Queue()
    queue.consume(selector=RED, priority=9)
    low = queue.consume()
    queue.publish(*messages("blue", "blue"))
    assert got(queue) == {low.id: [0, 1]}


def test_what_others_take_is_theirs() -> None:
    queue = Queue()
    red, plain = queue.consume(selector=RED), queue.consume()
    queue.publish(*messages(*["red", "blue"] * 50))
    found = got(queue)
    assert sorted(found[red.id] + found[plain.id]) == list(range(100))
    assert all(number % 2 == 0 for number in found[red.id])


def test_who_does_not_acknowledge_loses_nothing_of_others() -> None:
    queue = Queue(early=True)
    holder = queue.consume(selector=RED, no_ack=True)
    queue.publish(*messages("blue", "red", "blue", "red"))
    assert got(queue, settled=False) == {holder.id: [1, 3]}
    assert numbers(queue.take(10)) == [0, 2]


def test_an_expired_one_is_not_handed_out_and_those_before_it_are_not_lost() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED)
    queue.publish(*messages("blue", "red", "red"), expires_ms=[0, 50, 0])
    queue.kernel.now_ms = 60
    assert got(queue) == {holder.id: [2]}
    assert numbers(queue.take(10)) == [0]


def test_a_step_looks_at_so_many_and_others_have_their_turns() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED)
    count = 3 * DISPATCH_MAX // LOOK_COST
    queue.publish(*messages(*["blue"] * count, "red"))
    turns = 0
    while not (deliveries := queue.delivered()):
        turns += 1
    assert turns >= count // (DISPATCH_MAX // LOOK_COST + LOOKED_MAX)
    assert numbers(bodies(deliveries)) == [count]
    assert deliveries[0].holder is holder


def test_messages_of_a_batch_are_judged_one_by_one() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED, credit_max=1)
    queue.publish(b"\n".join(messages("blue", "red", "blue", "red")), packed=4)
    spans = []
    while deliveries := queue.delivered():
        spans += [(delivery.start, delivery.end) for delivery in deliveries]
        queue.settle(deliveries[0])
    assert spans == [(1, 2), (3, 4)]
    assert [(d.start, d.end) for d in queue.lease(10)] == [(0, 1), (2, 3)]
    assert holder.leased == 0


def test_what_cannot_be_read_is_not_what_was_asked_for() -> None:
    queue = Queue()
    holder = queue.consume(selector=RED)
    assert holder.selector is not None

    def fields(format_: int, body: bytes, index: int) -> Any:
        raise InvalidArgument("no such bytes")

    queue.publish(b"0")
    holder.selector.translator.fields = fields  # type: ignore[assignment, method-assign]
    assert got(queue) == {}


def test_every_partition_is_looked_at_also_one_that_comes_later() -> None:
    queue = Queue(stream=StreamSettings(partitions=2))
    holder = queue.consume(selector=RED)
    queue.publish(*messages("blue", "red", "red"), partition=1)
    assert got(queue) == {holder.id: [1, 2]}
    queue.kernel.submit(AlterStream(name="q", settings=StreamSettings(partitions=3)), queue.session)
    queue.publish(*messages("red", first=7), partition=2)
    assert got(queue) == {holder.id: [7]}


def test_a_pause_and_a_seek_back_are_obeyed() -> None:
    queue = Queue(stream=StreamSettings(retention_ms=-1))
    holder = queue.consume(selector=RED)
    queue.publish(*messages("red", "blue"))
    assert got(queue) == {holder.id: [0]}
    queue.kernel.submit(Seek(name="q", offset=0), queue.session)
    assert got(queue) == {holder.id: [0]}


@pytest.mark.parametrize(
    "made",
    [
        {"order": "priority", "priorities": 5},
        {"order": "key"},
        {"single_active": True},
        {"filter": {"colour": "red"}},
    ],
)
def test_where_there_is_an_order_nobody_selects(made: dict[str, Any]) -> None:
    queue = Queue("s")
    subscription = CreateSubscription(
        name="s", subscription="sub", settings=SubscriptionSettings(**made)
    )
    queue.kernel.submit(subscription, queue.session)
    command = Consume(name="s", subscription="sub", selector=RED)
    with pytest.raises(NotSupported):
        queue.kernel.submit(command, queue.session)
    assert not queue.kernel.state.holders


def test_what_is_no_selector_is_refused_and_leaves_nothing_behind() -> None:
    queue = Queue()
    with pytest.raises(InvalidArgument):
        queue.consume(selector="colour =")
    assert not queue.kernel.state.holders


@pytest.mark.parametrize("made", [{"single_active": True}, {"rules": ("r",)}])
def test_a_queue_that_somebody_selects_from_gets_no_order(made: dict[str, Any]) -> None:
    queue = Queue()
    queue.kernel.submit(PutRule(name="r", settings=RuleSettings(check="true")), queue.session)
    holder = queue.consume(selector=RED)
    command = AlterSubscription(name="q", settings=SubscriptionSettings(**made))
    with pytest.raises(InUse):
        queue.kernel.submit(command, queue.session)
    queue.kernel.submit(Cancel(holder=holder.id), queue.session)
    assert holder.subscription.selecting is None
    assert holder.subscription.windows[0].places is None
    queue.kernel.submit(command, queue.session)
    with pytest.raises(NotSupported):
        queue.consume(selector=RED)


@pytest.mark.skipif(
    not str(selecting.__file__).endswith(".py"),
    reason="compiled modules have their limits built in",
)
def test_who_would_pass_over_too_much_is_told_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selecting, "PASSED_MAX", 10)
    queue = Queue()
    holder = queue.consume(selector=RED)
    queue.publish(*messages(*["blue"] * 10, "red", "blue", "red"))
    assert got(queue) == {holder.id: [10]}
    assert not holder.active
    assert queue.kernel.state.cancelled == [holder]
    assert "10 messages" in holder.ended
    assert numbers(queue.take(20)) == [*range(10), 11, 12]


def test_what_a_transaction_shows_is_looked_at_again() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    writer = Writer(session)
    writer.begin("q")
    writer.write("q", *messages("red", "blue"))
    session.publish(Publish("default", Address("q"), 0, messages("red", first=2)))
    session.submit(Consume(name="q", selector=RED))
    node.settle()
    assert [d.bodies for d in node.deliveries(session)] == [messages("red", first=2)]
    writer.end(commit=True)
    node.settle()
    assert [d.bodies for d in node.deliveries(session)] == [messages("red")]
    found = [body for d in session.submit(Lease(name="q", count_max=9)) for body in d.bodies]
    assert found == messages("blue", first=1)


class Selecting(RuleBasedStateMachine):
    """Receivers with and without selectors against lists; what is ready, held and done; restarts at will."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.node = self.engine.start()
        self.session = self.node.connect()
        declare(self.session, "q")
        self.colours: list[str] = []
        self.open: set[int] = set()  # not done
        self.tries: dict[int, int] = {}
        self.wants: dict[int, str] = {}  # by holder
        self.held: dict[int, Any] = {}

    @rule(colours=st.lists(st.sampled_from(["red", "blue", "green"]), min_size=1, max_size=6))
    def send(self, colours: list[str]) -> None:
        first = len(self.colours)
        self.session.publish(Publish("default", Address("q"), 0, messages(*colours, first=first)))
        self.colours += colours
        self.open |= set(range(first, len(self.colours)))

    @rule(colour=st.sampled_from(["red", "blue"]), credit=st.integers(1, 3))
    def come(self, colour: str, credit: int) -> None:
        command = Consume(name="q", selector=f"colour = '{colour}'", credit_max=credit)
        self.wants[self.session.submit(command).id] = colour

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.wants:
            holder = data.draw(st.sampled_from(sorted(self.wants)))
            del self.wants[holder]
            self.session.submit(Cancel(holder=holder))

    @rule()
    def turn(self) -> None:
        self.node.settle()
        for delivery in self.node.deliveries(self.session):
            colour = self.wants.get(delivery.holder.id)
            for offset in range(delivery.start, delivery.end):
                assert offset in self.open - set(self.held)
                assert colour is None or self.colours[offset] == colour
                assert (delivery.tries or [0])[0] == self.tries.get(delivery.start, 0)
                self.held[offset] = delivery.holder
        self.nobody_starves()

    def nobody_starves(self) -> None:
        ready = self.open - set(self.held)
        for holder, colour in self.wants.items():
            known: Holder = self.node.kernel.state.holders[holder]
            if known.credit_max > known.leased:
                assert not any(self.colours[offset] == colour for offset in ready)

    @rule(count=st.integers(1, 3))
    def take(self, count: int) -> None:
        """Somebody who selects nothing gets the first, in order, once all have had their turns."""
        self.turn()
        ready = sorted(self.open - set(self.held))
        found = self.session.submit(Lease(name="q", count_max=count))
        offsets = [offset for each in found for offset in range(each.start, each.end)]
        assert offsets == ready[:count]
        for each in found:
            ack(self.session, each)
        self.open -= set(offsets)

    @rule(data=st.data(), outcome=st.sampled_from(["ack", "release"]))
    def settle(self, data: st.DataObject, outcome: Any) -> None:
        if not self.held:
            return
        offset = data.draw(st.sampled_from(sorted(self.held)))
        holder = self.held.pop(offset)
        command = Settle(holder.subscription.id, 0, holder.id, [(offset, offset + 1)], outcome)
        command.delay_ms = 0
        assert self.session.settle(command).settled == 1
        if outcome == "ack":
            self.open.discard(offset)
        else:
            self.tries[offset] = self.tries.get(offset, 0) + 1

    @rule(checkpoint=st.booleans())
    def restart(self, *, checkpoint: bool) -> None:
        self.turn()
        if checkpoint:
            self.node.checkpoint()
        for offset in self.held:
            self.tries[offset] = self.tries.get(offset, 0) + 1
        self.node = self.engine.start()
        self.session = self.node.connect()
        self.held, self.wants = {}, {}

    @invariant()
    def what_is_open_is_ready_or_held(self) -> None:
        info = self.session.submit(DescribeQueue(name="q"))
        assert info.ready + info.leased == len(self.open)

    @invariant()
    def what_is_passed_over_counts_no_attempt(self) -> None:
        (subscription,) = self.node.kernel.state.subscriptions.values()
        (window,) = subscription.windows
        for start, end in window.runs(RETURNED):
            for offset in range(start, end):
                assert window.tried(offset) == self.tries.get(offset, 0)


TestSelecting = Selecting.TestCase
TestSelecting.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
