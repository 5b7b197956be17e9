"""Actions of rules: what a message says otherwise, statement by statement."""

from typing import Any
from uuid import UUID

import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.actions import Action
from dragoman.kernel.filters.servicebus import SEMANTICS
from dragoman.kernel.filters.sql import CHARS_MAX, STATEMENTS_MAX, sql_action
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed
from dragoman.ports.translator import Change

ID = UUID(int=7)
WIDE = Typed("i32", 5)


def change(text: str, **parameters: Any) -> Change:
    source = Source(
        headers={"n": WIDE, "colour": "red", "null": None},
        attributes={"type": "order", "group": "s", "correlation": ID, "key": b"k"},
    )
    return Action(sql_action(text, parameters), SEMANTICS).change(source, lambda: ID)


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("SET a = 1", {"a": 1}),
        ("set user.a = 'x'; Remove colour", {"a": "x", "colour": None}),
        ("SET a = n + 1, SET b = a * 2;", {"a": 6, "b": 12}),
        ("SET a = n SET b = [n]", {"a": WIDE, "b": WIDE}),
        ("SET n = -n", {"n": -5}),
        ("SET [my key] = colour + '-' + sys.Label + n", {"my key": "red-order5"}),
        ("SET a = absent", {"a": None}),
        ("SET a = absent + 1; SET b = n / 0; SET c = NULL", {"a": None, "b": None, "c": None}),
        ("REMOVE absent", {"absent": None}),
        ("REMOVE colour; SET b = colour", {"colour": None, "b": None}),
        ("SET a = newid()", {"a": ID}),
        ("SET a = @x + @y", {"a": "12"}),
        ("SET a = property('colour')", {"a": "red"}),
        ("SET colour = 'a'; SET colour = colour + 'b'", {"colour": "ab"}),
    ],
)
def test_properties_are_set_and_removed_one_after_the_other(
    text: str, headers: dict[str, Any]
) -> None:
    found = change(text, x="1", y=2)
    assert (found.headers, found.fields) == (headers, {})


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("SET sys.Label = 'x'", {"type": "x"}),
        ("SET sys.subject = colour + n; SET SYS.To = sys.Label", {"type": "red5", "to": "red5"}),
        ("SET sys.CorrelationId = n", {"correlation": "5"}),
        ("SET sys.ReplyTo = sys.CorrelationId", {"reply_to": str(ID)}),
        ("SET sys.ReplyTo = sys.PartitionKey", {"reply_to": "k"}),
        ("REMOVE sys.SessionId", {"group": None}),
        ("SET sys.ContentType = NULL; SET sys.To = sys.ContentType", {"content_type": None, "to": None}),
        ("SET sys.MessageId = newid()", {"id": str(ID)}),
    ],
)  # fmt: skip
def test_system_properties_are_set_as_text(text: str, fields: dict[str, Any]) -> None:
    found = change(text)
    assert (found.headers, found.fields) == ({}, fields)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" ", "text"),
        ("DROP colour", "SET or REMOVE"),
        ("SET a", "= belongs"),
        ("SET a =", "value"),
        ("SET a = (1 = 1)", "condition"),
        ("SET 5 = 1", "property"),
        ("SET sys.PartitionKey = 'x'", "PartitionKey"),
        ("SET sys.EnqueuedTimeUtc = 1", "EnqueuedTimeUtc"),
        ("REMOVE sys.MessageId", "MessageId"),
        ("SET sys.MessageId = NULL", "MessageId"),
        ("SET a = newid() + 1", "SET or REMOVE"),
        ("SET a = 'x' + newid()", "newid"),
        ("SET a = @q", "@q"),
        ("SET a = 1;" * (STATEMENTS_MAX + 1), "statements"),
        ("SET a = " + "1" * CHARS_MAX, "characters"),
    ],
)
def test_what_no_action_does_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        change(text)


def test_texts_do_not_grow_without_end() -> None:
    found = change("SET a = 'aaaaaaaaaaaaaaaa';" + "SET a = a + a;" * 20)
    assert found.headers == {"a": None}
