"""Selectors of JMS: each form on what is there and what is not, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.jms import CHARS_MAX, compile_selector
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed

HEADERS = {"n": Typed("i32", 5), "x": 1.5, "colour": "red", "on": True, "off": False, "$a_1": 1}
ATTRIBUTES = {"type": "order", "priority": 7, "id": "ID:1", "created_at": 1_000}


def passes(text: str) -> bool:
    return compile_selector(text).matches(Source(headers=HEADERS, attributes=ATTRIBUTES))


@pytest.mark.parametrize(
    "text",
    [
        "colour = 'red' AND n > 4 AND x <> 2",
        "n BETWEEN 5 AND 6 AND n NOT BETWEEN 6 AND 9 AND x BETWEEN -1 AND n",
        "on AND NOT off AND (on OR off) AND on = TRUE",
        "n = 5L AND x = 1.5D AND x > 1F AND $a_1 = 1",
        "JMSType LIKE 'ord%' AND JMSPriority >= 7 AND JMSMessageID = 'ID:1' AND JMSTimestamp = 1000",
        "colour IN ('red', 'blue') AND colour NOT IN ('green') AND absent IS NULL",
        "n * 2 - 1 = 9 AND -n < 0 AND n / 2 = 2",
        "colour not like '_x%' escape '!' and TRUE",
    ],
)
def test_what_is_selected(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        "off",
        "NOT on",
        "absent OR NOT absent",
        "colour",
        "absent BETWEEN 1 AND 2 OR absent NOT BETWEEN 1 AND 2",
        "colour BETWEEN 1 AND 2",
        "JMSXGroupID = 'g' OR JMSCorrelationID <> 'c'",
        "FALSE",
    ],
)
def test_what_is_not(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text"),
        ("n", None),
        ("5", "condition"),
        ("n BETWEEN 1", "AND belongs"),
        ("n BETWEEN (1 = 1) AND 2", "condition"),
        ("JMSDeliveryMode = 'PERSISTENT'", "JMSDeliveryMode"),
        ("n = 1 n = 2", "the end"),
        ("n = " + "1" * CHARS_MAX, "characters"),
    ],
)
def test_what_is_no_selector_is_refused(text: str, words: str | None) -> None:
    if words is None:
        compile_selector(text)
        return
    with pytest.raises(InvalidArgument, match=words):
        compile_selector(text)


@given(st.text(alphabet="nabc'=<>()%_.,+-*/ $JMSTypeANDORBETWEEN0159L", max_size=50))
def test_any_text_is_a_selector_or_refused(text: str) -> None:
    try:
        found = compile_selector(text)
    except InvalidArgument:
        return
    assert found.matches(Source(headers=HEADERS)) in {True, False}
