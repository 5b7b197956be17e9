"""Where a reader of a stream begins, and which messages it wants."""

from typing import Any

import pytest
from tests.doors.amqp091.client import Client, World, field, raw_key, table

from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.places import places_of, selection_of
from dragoman.kernel.api import CreateStream, DescribeStream, Publish, StreamSettings, TrimStream
from dragoman.kernel.settings import Address
from dragoman.model.levels import AMQP091
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries
from dragoman.wire.amqp091.properties import encode_header


def streamed(partitions: int = 1) -> Client:
    """Three messages, a second apart, the first of which is gone."""
    client = World().connect()
    settings = StreamSettings(partitions=partitions, retention_ms=-1)
    client.session.submit(CreateStream(name="s", settings=settings))
    for _ in range(3):
        command = Publish("default", Address("s"), AMQP091, [b"m"])
        command.partition = 0
        client.session.publish(command)
        client.world.advance(1_000)
    client.session.submit(TrimStream(name="s", partition=0, offset=1))
    return client


def places(client: Client, **arguments: Any) -> dict[int, int]:
    info = client.session.submit(DescribeStream(name="s"))
    told = table({f"x-stream-{name}": value for name, value in arguments.items()})
    return places_of(client.session, info, told, "/")


@pytest.mark.parametrize(
    ("offset", "place"),
    [
        ("first", 1),
        ("last", 2),
        ("next", 3),
        (2, 2),
        (0, 1),
        (-5, 1),
        (77, 77),
        (Field("T", 0), 1),
        (Field("T", 1_700_000_002), 2),
        (Field("T", 99_999_999_999), 3),
        ("1h", 1),
        ("1s", 2),
    ],
)
def test_a_reader_begins_where_it_says(offset: Any, place: int) -> None:
    assert places(streamed(), offset=offset) == {0: place}


def test_a_reader_that_says_nothing_begins_with_what_comes_next() -> None:
    assert places(streamed()) == {0: 3}


def test_each_partition_has_a_place() -> None:
    assert places(streamed(2), offset="last") == {0: 2, 1: 0}
    assert places(streamed(2), offset="1h") == {0: 1, 1: 0}


@pytest.mark.parametrize("offset", ["soon", "", "0h", "h", "1w", True, 1.5, ["first"], None])
def test_a_place_that_is_none_is_refused(offset: Any) -> None:
    told = Field("d", offset) if isinstance(offset, float) else offset
    with pytest.raises(Refused, match="invalid arg 'x-stream-offset' for queue 's'"):
        places(streamed(), offset=told)


def entry_of(headers: dict[str, Any]) -> bytes:
    values = {"headers": table(headers)} if headers else {}
    return pack_entries(raw_key("", "s"), [encode_header(1, values)], [b"m"])[0]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"x-stream-filter": "eu"}, [True, False, False, False]),
        ({"x-stream-filter": ["eu", "us"]}, [True, True, False, False]),
        (
            {"x-stream-filter": "eu", "x-stream-match-unfiltered": True},
            [True, False, True, True],
        ),
        (
            {"x-stream-filter": "eu", "x-stream-match-unfiltered": False},
            [True, False, False, False],
        ),
        ({"x-stream-filter": []}, [False, False, False, False]),
    ],
)
def test_a_filter_names_values(arguments: dict[str, Any], wanted: list[bool]) -> None:
    selection = selection_of(table(arguments))
    assert selection is not None
    entries = [
        entry_of({"x-stream-filter-value": "eu"}),
        entry_of({"x-stream-filter-value": "us"}),
        entry_of({}),
        entry_of({"a": "x-stream-filter-value", "x-stream-filter-value": 5}),
    ]
    assert [selection.wants(entry) for entry in entries] == wanted


def test_a_filter_that_is_neither_text_nor_array_is_none() -> None:
    assert selection_of({}) is None
    assert selection_of({"x-stream-filter": field(5)}) is None
    assert selection_of(table({"x-stream-match-unfiltered": True})) is None
