import pytest
from tests.doors.eventhubs.client import SELECTOR, Client, World, refusal_of
from tests.doors.shared.amqp10.client import message

from dragoman.kernel.api import TrimStream
from dragoman.wire.amqp10.messaging import Source

STEP_MS = 1_000


def filled(count: int = 5) -> tuple[World, Client]:
    """A hub of one partition with events that were stored a second apart."""
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    for number in range(count):
        client.send(message(b"%d" % number))
        world.advance(STEP_MS)
    client.heard()
    return world, client


def selector(kind: str, operator: str, value: object, quote: str = "'") -> str:
    return f"amqp.annotation.x-opt-{kind} {operator} {quote}{value}{quote}"


@pytest.mark.parametrize("kind", ["offset", "sequence-number"])
@pytest.mark.parametrize(
    ("operator", "value", "first"),
    [(">", -1, 0), (">=", 0, 0), (">", 0, 1), (">=", 4, 4), (">", 4, 5), (">", "@latest", 5)],
)
def test_by_number(kind: str, operator: str, value: object, first: int) -> None:
    _, client = filled()
    client.read(0, selector(kind, operator, value))
    assert client.numbers() == list(range(first, 5))


@pytest.mark.parametrize("quote", ["'", ""])
@pytest.mark.parametrize(
    ("operator", "after_ms", "first"),
    [(">", 0, 1), (">=", 0, 0), (">", 1_999, 2), (">=", 9_999, 5)],
)
def test_by_time(operator: str, after_ms: int, first: int, quote: str) -> None:
    world, client = filled()
    begin_ms = world.clock.now_ms - 5 * STEP_MS
    client.read(0, selector("enqueued-time", operator, begin_ms + after_ms, quote))
    assert client.numbers() == list(range(first, 5))


def test_without_a_selector_from_the_first_event_on() -> None:
    _, client = filled(2)
    client.read()
    assert client.numbers() == [0, 1]


def test_a_bare_string_or_bytes_will_do() -> None:
    _, client = filled(3)
    for handle, text in enumerate(
        (selector("offset", ">", 1), selector("offset", ">", 1).encode()), 1
    ):
        source = Source("h/ConsumerGroups/$Default/Partitions/0", filter={SELECTOR: text})
        client.receiver(handle=handle, source=source)
        assert client.numbers() == [2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "amqp.annotation.x-opt-offset < '1'",
        "amqp.annotation.x-opt-nothing > '1'",
        "amqp.annotation.x-opt-offset > '1' OR 1=1",
        "amqp.annotation.x-opt-offset > '" + "9" * 40 + "'",
        7,
    ],
)
def test_what_is_no_position_is_refused(text: object) -> None:
    _, client = filled(1)
    assert refusal_of(client.read(0, text)) == "com.microsoft:argument-error"


def test_what_was_never_there_is_refused_and_what_is_gone_is_stepped_over() -> None:
    world, client = filled()
    refused = client.read(0, selector("sequence-number", ">", 5))
    assert refusal_of(refused) == "com.microsoft:argument-error"
    trim = TrimStream(name="h", partition=0, offset=3)
    world.kernel.submit(trim, world.kernel.open_session())
    client.read(0, selector("sequence-number", ">", 0), handle=2)
    assert client.numbers() == [3, 4]
