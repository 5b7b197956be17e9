"""Selectors: what comes of a stream to whom wants some of it."""

import pytest
from tests.doors.amqp10.test_profile import SPEC
from tests.doors.shared.amqp10.client import World, message

from dragoman.doors.amqp10.selecting import CODE, SELECTOR, selector_in
from dragoman.doors.shared.cursor import READ_BYTES_MAX, READS_MAX
from dragoman.formats.canonical import encode
from dragoman.kernel.api import Address, CreateStream, Publish, StreamSettings
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


def test_a_queue_has_no_selectors_and_says_so() -> None:
    world = World()
    world.declare("log")
    *_, detach = world.connect().receiver(source=from_("n = 1"), credit=0)
    assert isinstance(detach, Detach)
    assert detach.error is not None
    assert detach.error.condition == "amqp:not-implemented"


def test_other_filters_are_left_alone() -> None:
    assert selector_in(None) is None
    assert selector_in({Symbol("x"): Described(Symbol("x"), "n = 1"), "y": "n = 1"}) is None
    found = selector_in({SELECTOR: "n = 1"})
    assert found is not None
    assert not found.selects(b"no message at all")
    with pytest.raises(InvalidArgument):
        selector_in({SELECTOR: 5})
