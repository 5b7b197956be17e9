"""Selectors: what comes of a stream to whom wants some of it."""

import pytest
from tests.doors.amqp10.test_profile import SPEC
from tests.doors.shared.amqp10.client import World, message

from dragoman.doors.amqp10.selecting import CODE, SELECTOR, selector_in, selects_by
from dragoman.doors.shared.amqp10.door import DRAIN_LOOK_MS
from dragoman.doors.shared.cursor import READ_BYTES_MAX, READS_MAX
from dragoman.formats.canonical import encode
from dragoman.kernel.api import (
    Address,
    CreateStream,
    Publish,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.kernel.leases import selecting
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message
from dragoman.wire.amqp10.messaging import Source
from dragoman.wire.amqp10.performatives import Detach
from dragoman.wire.amqp10.values import Described, Symbol


def streamed(world: World, count: int, partitions: int = 1) -> None:
    """Messages with n = 0, 1, .. and the label even or odd."""
    settings = StreamSettings(partitions, retention_ms=-1)
    world.kernel.submit(CreateStream(name="log", settings=settings), world.kernel.open_session())
    client = world.connect()
    client.sender("log")
    for n in range(count):
        label = "odd" if n % 2 else "even"
        client.send(message(b"%d" % n, application={"n": n}, subject=label))
    world.run()


def from_(
    text: object, name: str = "jms-selector", descriptor: object = Symbol(SELECTOR)
) -> Source:
    first = Described(SPEC, "first")
    return Source("log", filter={SPEC: first, Symbol(name): Described(descriptor, text)})


@pytest.mark.parametrize("descriptor", [Symbol(SELECTOR), CODE])
def test_only_what_is_selected_comes_and_the_answer_says_that_it_is_in_force(
    descriptor: object,
) -> None:
    world = World()
    streamed(world, 10)
    client = world.connect()
    source = from_("n > 4 AND JMSType = 'odd'", descriptor=descriptor)
    attach = client.receiver(source=source)[0]
    assert attach.source.filter == source.filter
    assert client.bodies() == [b"5", b"7", b"9"]
    client.sender("log")
    client.send(message(b"11", application={"n": 11}, subject="odd"), message(b"12"))
    assert client.bodies() == [b"11"]


def test_credit_is_for_what_is_selected() -> None:
    world = World()
    streamed(world, 20, partitions=2)
    client = world.connect()
    client.receiver(source=from_("JMSType = 'even'"), credit=3)
    found = client.bodies()
    assert len(found) == 3
    client.credit(100, count=3)
    found += client.bodies()
    assert sorted(map(int, filter(None, found))) == list(range(0, 20, 2))


def test_what_is_not_wanted_is_stepped_over_in_more_than_one_turn() -> None:
    world = World()
    streamed(world, 0)
    large = Message(b"x" * READ_BYTES_MAX)
    for n in range(READS_MAX + 6):
        large.headers = [("n", n)]
        world.kernel.publish(Publish("default", Address("log"), CANONICAL, [encode(large)]))
        world.advance(1)
    client = world.connect()
    client.receiver(source=from_(f"n = {READS_MAX + 5}"))
    assert client.transfers() == []
    world.advance(1)
    (frame,) = [frame for frame in client.transfers() if frame.body.delivery_tag is not None]
    assert frame.payload


def test_a_drain_is_answered_though_nothing_is_selected() -> None:
    world = World()
    streamed(world, 3)
    client = world.connect()
    client.receiver(source=from_("n = 99"), credit=0)
    client.credit(5, drain=True)
    assert [frame.body.__class__.__name__ for frame in client.heard()] == ["Flow"]


@pytest.mark.parametrize("text", ["n =", "", 5])
def test_what_is_no_selector_is_refused(text: object) -> None:
    world = World()
    streamed(world, 1)
    *_, detach = world.connect().receiver(source=from_(text), credit=0)
    assert isinstance(detach, Detach)
    assert detach.error is not None
    assert detach.error.condition == "amqp:invalid-field"


def odd_and_even(world: World, count: int) -> None:
    world.declare("log")
    client = world.connect()
    client.sender("log")
    for n in range(count):
        label = "odd" if n % 2 else "even"
        client.send(message(b"%d" % n, application={"n": n}, subject=label))
    world.run()


def test_of_a_queue_each_gets_its_own_and_others_get_the_rest_in_order() -> None:
    world = World()
    world.declare("log")
    receivers = []
    for text in ("JMSType = 'odd' AND n < 8", "JMSType = 'even' AND n > 2"):
        client = world.connect()
        (attach,) = client.receiver(source=from_(text), credit=0)
        assert attach.source.filter == {Symbol("jms-selector"): Described(Symbol(SELECTOR), text)}
        client.credit(10)
        receivers.append(client)
    odd_and_even(world, 10)
    assert [client.bodies() for client in receivers] == [
        [b"1", b"3", b"5", b"7"],
        [b"4", b"6", b"8"],
    ]
    plain = world.connect()
    plain.receiver("log")
    assert plain.bodies() == [b"0", b"2", b"9"]


def test_what_a_link_gives_back_goes_to_whom_it_is_for() -> None:
    world = World()
    odd_and_even(world, 4)
    first, second = world.connect(), world.connect()
    first.receiver(source=from_("JMSType = 'odd'"))
    assert first.bodies() == [b"1", b"3"]
    second.receiver(source=from_("JMSType = 'odd'"))
    assert second.bodies() == []
    first.settle(0)
    first.say(Detach(1, closed=True))
    assert second.bodies() == [b"3"]


def test_credit_that_nothing_is_selected_for_is_given_back() -> None:
    world = World()
    odd_and_even(world, 3)
    client = world.connect()
    client.receiver(source=from_("n = 99"), credit=0)
    client.credit(5, drain=True)
    world.advance(DRAIN_LOOK_MS)
    assert [frame.body.__class__.__name__ for frame in client.heard()] == ["Flow"]


def test_messages_of_other_protocols_are_selected_by_what_they_say() -> None:
    world = World()
    world.declare("log")
    for n in range(4):
        known = Message(b"%d" % n, [("n", n)])
        known.type = "odd" if n % 2 else "even"
        world.kernel.publish(Publish("default", Address("log"), CANONICAL, [encode(known)]))
    client = world.connect()
    client.receiver(source=from_("JMSType = 'odd' AND n > 1"))
    assert client.bodies() == [b"3"]


def test_a_queue_with_an_order_has_no_selectors_and_says_so() -> None:
    world = World()
    world.declare("log", settings=SubscriptionSettings(order="priority", priorities=5))
    *_, detach = world.connect().receiver(source=from_("n = 1"), credit=0)
    assert isinstance(detach, Detach)
    assert detach.error is not None
    assert detach.error.condition == "amqp:not-implemented"


@pytest.mark.skipif(
    not str(selecting.__file__).endswith(".py"),
    reason="compiled modules have their limits built in",
)
def test_who_would_pass_over_too_much_is_told_and_gives_back_what_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selecting, "PASSED_MAX", 3)
    world = World()
    client = world.connect()
    world.declare("log")
    client.receiver(source=from_("JMSType = 'odd'"))
    odd_and_even(world, 10)
    *transfers, detach = [frame.body for frame in client.heard()]
    assert len(transfers) == 3
    assert isinstance(detach, Detach)
    assert detach.error is not None
    assert detach.error.condition == "amqp:resource-limit-exceeded"
    assert "pass over more than 3 messages" in str(detach.error.description)
    assert world.info("log").ready == 10
    client.say(Detach(1, closed=True))
    client.receiver("log", handle=2)
    assert client.bodies() == [b"%d" % n for n in range(10)]


def test_other_filters_are_left_alone() -> None:
    assert selector_in(None) is None
    assert selector_in({Symbol("x"): Described(Symbol("x"), "n = 1"), "y": "n = 1"}) is None
    found = selector_in({SELECTOR: "n = 1"})
    assert found is not None
    assert not selects_by(found.text)(b"no message at all")
    with pytest.raises(InvalidArgument):
        selector_in({SELECTOR: 5})
