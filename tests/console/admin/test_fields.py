import json
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.console.admin.fields import MessageFields, plain, to_fields, to_message, value_of
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Message, Typed, identical

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.floats(),
    st.text(),
    st.binary(max_size=20),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.integers(0, 255).map(lambda n: Typed("u8", n)),
    st.integers().map(lambda n: Typed("timestamp", n)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_values_come_back_through_json(value: Any) -> None:
    through = json.loads(json.dumps(plain(value)))
    assert identical(value_of(through), value)


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", [1, "a"], {"a": {"b": None}}])
def test_what_json_has_is_spelled_as_json(value: Any) -> None:
    assert plain(value) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"\xff", {"$": ["bytes", "/w=="]}),
        (Decimal("1.50"), {"$": ["decimal", "1.50"]}),
        (UUID(int=1), {"$": ["uuid", "00000000-0000-0000-0000-000000000001"]}),
        (Typed("timestamp", 5), {"$": ["timestamp", 5]}),
        ({"$": 1}, {"$": ["map", [["$", ["i64", 1]]]]}),
    ],
)
def test_what_json_lacks_says_its_type(value: Any, expected: Any) -> None:
    assert plain(value) == expected


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "given", [{"$": 1}, {"$": ["i8", 1000]}, {"$": ["nothing", 1]}, deep(60), 1 << 64]
)
def test_what_is_no_value_is_refused(given: Any) -> None:
    with pytest.raises(InvalidArgument):
        value_of(given)


@given(
    st.one_of(st.none(), st.binary(max_size=20)),
    st.lists(st.tuples(st.text(max_size=5), VALUES), max_size=3),
    st.one_of(st.none(), st.text(max_size=5)),
)
def test_a_message_comes_back_through_json(
    body: bytes | None, headers: list[tuple[str, Any]], id_: str | None
) -> None:
    message = Message(body, headers)
    message.id = id_
    message.key = body
    message.correlation = 7
    encoded = msgspec.json.encode(to_fields(message))
    assert to_message(msgspec.json.decode(encoded, type=MessageFields)) == message


def test_names_that_are_no_text_are_shown_as_far_as_they_are() -> None:
    message = Message(b"", [("\udcff", 1)])
    message.subject = "a\udcff"
    fields = to_fields(message)
    assert fields.headers == [("�", 1)]
    assert fields.subject == "a�"
    msgspec.json.encode(fields)
