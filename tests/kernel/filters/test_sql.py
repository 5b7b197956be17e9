"""The SQL of Service Bus's rules: each form on what is there and what is not, and what is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.servicebus import SEMANTICS
from dragoman.kernel.filters.sql import CHARS_MAX, sql_filter
from dragoman.model.errors import InvalidArgument

HEADERS = {
    "n": 5,
    "x": 1.5,
    "colour": "red",
    "path": "a/b%c",
    "on": True,
    "my-key": "k",
    "it's": 1,
    "null": None,
}
ATTRIBUTES = {"type": "order.new", "id": "m1", "correlation": "c", "group": "s"}


def passes(text: str) -> bool:
    found = compile_filter(sql_filter(text, {"@p": 5, "Colour": "red"}), SEMANTICS)
    return found.matches(Source(headers=HEADERS, attributes=ATTRIBUTES))


@pytest.mark.parametrize(
    "text",
    [
        "1=1",
        "TRUE",
        "colour = 'red'",
        "colour='red' and N > 4" .replace("N", "n"),
        "user.colour <> 'blue' AND colour != 'green'",
        "n >= 5 AND n <= 0x5 AND n < 6.5e0 AND n > -1",
        "NOT colour = 'blue'",
        "absent = 1 OR n = 5",
        "(absent = 1 OR n = 5) AND NOT (n = 6)",
        "absent IS NULL AND null IS NULL AND colour IS NOT NULL" .replace("null IS", "[null] IS"),
        "EXISTS(colour) AND exists([my-key]) AND NOT EXISTS(absent)",
        "colour IN ('blue', 'red') AND n NOT IN (1, 2)",
        "n IN (1, user.n)",
        "colour LIKE 'r%' AND colour LIKE '%ed' AND colour LIKE '%e%' AND colour LIKE 'red'",
        "colour LIKE 'r_d' AND colour LIKE '___' AND colour NOT LIKE '__' AND colour LIKE '%'",
        r"path LIKE 'a/b\%c' ESCAPE '\' AND path LIKE 'a_b!%%' ESCAPE '!'",
        "on = TRUE AND on <> FALSE",
        "n = 2 + 3 AND n = 7 - 2 AND n = 11 / 2 AND n = 2 * 3 - 1 AND n = 12 % 7 AND n = -(-5)",
        "-7 / 2 = -3 AND -7 % 2 = -1 AND 3 / 2.0 = x",
        '"my-key" = \'k\' AND [it\'s] = 1 AND property(\'my-key\') = \'k\' AND P(\'n\') = 5',
        "sys.Label = 'order.new' AND SYS.subject LIKE 'order.%' AND sys.MessageId = 'm1'",
        "sys.CorrelationId = 'c' AND sys.SessionId = 's' AND sys.To IS NULL",
        "n = @p AND @P = n AND n IN (1, @p) AND colour LIKE @colour AND user.colour = @COLOUR",
        "n + 1 = 6 AND n - 1 < n AND n * x = 7.5 AND n / 2 = 2 AND n % 3 = 2 AND -n = -5 AND +n = 5",
        "x + n > 6 AND 10 - n = n AND n + n IN (9, 10) AND NOT n * 2 = n AND 5 IN (n, 4)",
        "colour + '!' LIKE '%d!' AND colour + '!' = 'red!' AND sys.Label + n = 'order.new5'",
        "absent + 1 = 1 OR n = 5",
        "colour = N'red' AND colour = 'r' + 'ed' AND NOT colour = 'it''s'",
    ],
)  # fmt: skip
def test_what_matches(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "1=0",
        "colour = 'Red'",
        "absent = 1",
        "absent <> 1",
        "NOT absent = 1",
        "NOT absent LIKE 'a%'",
        "absent NOT IN (1, 2)",
        "absent NOT LIKE 'a_b'",
        "[null] = 1 OR [null] <> 1",
        "n = '5'",
        "absent + 1 = 1 OR absent + 1 <> 1 OR absent + 1 IN (1)",
        "colour * 2 = 1 OR colour * 2 <> 1 OR on + 1 = 2",
        "n / 0 = 1 OR NOT n / 0 = 1",
        "colour > 5 OR colour <= 5",
        "on = 1",
        "sys.ReplyTo = 'x'",
    ],
)
def test_what_does_not(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text"),
        ("colour", "condition"),
        ("colour =", "the end"),
        ("colour = 'red", "what is"),
        ("colour = 'red' n = 5", "the end belongs"),
        ("(colour = 'red'", ")"),
        ("colour = NULL", "IS NULL"),
        ("n = newid()", "newid"),
        ("n = @q", "@q"),
        ("sys.Nothing = 1", "sys.Nothing"),
        ("sys.LockToken = '1'", "sys.LockToken"),
        ("other.n = 1", "other."),
        ("n IN ()", "value"),
        ("n NOT 5", "IN or LIKE"),
        ("colour LIKE n", "pattern"),
        ("'red' LIKE 'r%'", "property"),
        ("n = 0xFFFFFFFFFFFFFFFFF", "64 bits"),
        ("colour LIKE 'a!' ESCAPE '!'", "follows"),
        ("colour LIKE 'a' ESCAPE 'ab'", "one character"),
        ("n = 1 / 0", "nothing"),
        ("n = 'a' - 1", "nothing"),
        ("(n = 1) = 2", "value belongs"),
        ("NOT " * 40 + "n = 1", "inside each other"),
        ("(" * 40 + "n = 1" + ")" * 40, "inside each other"),
        ("n = " + "-" * 40 + "1", "inside each other"),
        ("n = " + "1" * CHARS_MAX, "characters"),
    ],
)
def test_what_is_refused_says_why(text: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(words)):
        sql_filter(text)


@given(st.text(alphabet="nabc'=<>()%_[].,+-*/ \"éANDORNTLIKESU0159xe!", max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = sql_filter(text)
    except InvalidArgument:
        return
    assert compile_filter(found, SEMANTICS).matches(Source(headers=HEADERS)) in {True, False}
