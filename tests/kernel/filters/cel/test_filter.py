from typing import Any

import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.cel.filter import cel_filter
from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.index import EqualityIndex
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Header,
    Holds,
    In,
    Literal,
    Not,
    Or,
    Text,
    TextOp,
    equals,
)
from dragoman.kernel.leases.index import filter_of
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed

ATTRIBUTES = {"subject": "eu/1", "priority": 5, "key": b"k", "created_at": 1500}


class Message(Source):
    """Counts how often its body was asked for."""

    def __init__(self, body: Any = None, **headers: Any) -> None:
        super().__init__(headers, ATTRIBUTES)
        self.body = body
        self.bodies_asked = 0

    def member(self, path: tuple[str, ...]) -> object:
        assert path == ()
        self.bodies_asked += 1
        return self.body


def of(text: str) -> CompiledFilter:
    return compile_filter(cel_filter({"expression": text}))


def test_what_asks_headers_for_literals_becomes_predicates() -> None:
    tier, subject = Header("tier"), Attribute("subject")
    for text, predicate in (
        ("h.tier == 'gold'", equals(tier, "gold")),
        ("3 <= h['tier']", Compare(CompareOp.GE, tier, Literal(3))),
        ("h.tier in ['a', 'b']", In(tier, (Literal("a"), Literal("b")))),
        ("'tier' in h && has(m.subject)", And((Exists(tier), Exists(subject)))),
        ("m.subject.startsWith('eu/')", Text(TextOp.PREFIX, subject, "eu/")),
        ("!(h.tier != null) || true", Or((Not(Compare(CompareOp.NE, tier, Literal(None))), And(())))),
    ):  # fmt: skip
        assert cel_filter({"expression": text}) == predicate, text


def test_the_rest_is_reckoned_behind_them() -> None:
    found = cel_filter({"expression": "msg.a > 1 && h.tier == 'gold' && msg.b"})
    assert isinstance(found, And)
    assert found.parts[0] == equals(Header("tier"), "gold")
    assert isinstance(found.parts[1], Holds)
    assert len(found.parts) == 2


def test_a_filter_on_headers_never_opens_the_body() -> None:
    found = of("h.tier == 'gold' && (m.priority > 3 || msg.a == 1)")
    for message, taken in (
        (Message({"a": 1}, tier="gold"), True),
        (Message({"a": 1}, tier="tin"), False),
        (Message({"a": 1}), False),
    ):
        assert found.matches(message) is taken
        assert message.bodies_asked == 0
    assert found.reads_body
    assert not of("h.tier == 'gold' || 'x' in h").reads_body


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("msg.total > 100 && msg.region == 'eu'", True),
        ("msg.total > 100 && msg.nothing == 'eu'", False),
        ("msg.nothing == 'eu' || msg.total > 100", True),
        ("!(msg.nothing == 'eu')", False),
        ("!(msg.total == 1) && !(h.n == 2)", True),
        ("msg.items.exists(i, i.qty > 3 && i.sku.startsWith('a'))", True),
        ("msg.items.all(i, i.qty > 3)", False),
        ("size(msg.items) == 2 && msg.items[1].sku == 'b'", True),
        ("h.n + 1 == 2 && h.when + 1 == 8 && h.table.x[0] == 1", True),
        ("string(m.key) == 'k' && m.created_at == timestamp('1970-01-01T00:00:01.5Z')", True),
        ("h.map(k, h[k]).size() == 3 && h.exists(k, k == 'n')", True),
        ("known(msg.total) && !known(msg.nothing) && !known(msg.nil)", True),
        ("m.subject.lower() == 'eu/1' && 'ÄB'.lower() == 'äb' && 'ÄB'.lowerAscii() == 'Äb'", True),
        ("msg.total", False),
        ("msg.flag", True),
        ("raw.size() == 1 || true", True),
    ],
)
def test_conditions_are_told_of_a_message(text: str, taken: bool) -> None:
    body = {
        "total": 150, "region": "eu", "flag": True, "nil": None, "items": [{"qty": 5, "sku": "ab"}, {"qty": 1, "sku": "b"}],
    }  # fmt: skip
    table = {"x": [Typed("u8", 1)]}
    message = Message(body, n=Typed("i8", 1), when=Typed("timestamp", 7), table=table)
    assert of(text).matches(message) is taken


def test_many_are_found_by_look_up() -> None:
    index = EqualityIndex()
    for number in range(200):
        index.add(number, of(f"h.customer == 'c{number}' && msg.total > 10"))
    message = Message({"total": 11}, customer="c7")
    assert index.matches(message) == [7]
    assert message.bodies_asked == 1


def test_a_subscription_filters_by_it() -> None:
    settings = SubscriptionSettings(filter={"expression": "h.n == 1"}, dialect="cel")
    found = filter_of(settings)
    assert found is not None
    assert found.matches(Message(n=1))


@pytest.mark.parametrize(
    "settings", [{}, {"expression": 5}, {"expression": " "}, {"expression": "1 + 1"}]
)
def test_what_is_no_condition_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="CEL"):
        cel_filter(settings)
