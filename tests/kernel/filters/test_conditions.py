"""Expressions as functions: what is absorbed, what stops them, what they never become."""

from time import perf_counter
from typing import Any

import pytest
from tests.kernel.filters.cel.oracle import Document

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.conditions import compile_condition, compile_expression
from dragoman.kernel.filters.evaluation import OutOfBudget
from dragoman.kernel.filters.expressions import Call, Constant
from dragoman.model.errors import InvalidArgument

BIG = "a" * 1_000_000
HOSTILE = {
    "l": list(range(10_000)), "s": BIG, "t": BIG + "b", "u": BIG[:-1] + "c", "d": {str(number): number for number in range(5_000)},
    "blank": " " * 1_000_000, "minus": "-" * 1_000_000, "p": "(a?){20}" * 30, "ss": [BIG] * 50, "n": [[number] * 50 for number in range(500)],
}  # fmt: skip


def told(text: str, body: Any = None) -> Any:
    return compile_expression(expression_of(text))(Document(body))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("msg.x || true", True),
        ("true || msg.x", True),
        ("false && msg.x", False),
        ("msg.x && false", False),
        ("msg.x && msg.y && false", False),
        ("dyn(1) || true", True),
        ("[1, 2].exists(x, msg.x || x == 2)", True),
        ("[1, 2].all(x, msg.x && x == 3)", False),
        ("[0, 2].exists(x, 4 / x == 2)", True),
        ("[0, 4].all(x, 4 / x == 2)", False),
        ("known(msg.x.y) ? 1 : 2", 2),
        ("[[1], [2, 3]].map(x, x.map(y, y * 2))", [[2], [4, 6]]),
        ("{'a': [1, 2].filter(x, x > 1), 'b': {'c': 1 + 1}}", {"a": [2], "b": {"c": 2}}),
        ("[1].map(x, [2].map(x, x)[0] + x)", [3]),
        ("true ? 1 : msg.x", 1),
    ],
)
def test_errors_are_absorbed_where_they_do_not_matter(text: str, expected: Any) -> None:
    assert told(text, {}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "msg.x || false", "msg.x && true", "dyn(1) && true", "[1].exists(x, msg.x)", "[0, 1].exists_one(x, 1 / x == 1)",
        "[0].map(x, 1 / x)", "[1].filter(x, msg.x)", "msg.x ? 1 : 2", "!msg.x", "{msg.k: 1}", "msg.map(k, 1 / 0)",
    ],
)  # fmt: skip
def test_errors_come_through_where_they_do(text: str) -> None:
    with pytest.raises(Exception, match=r"."):
        told(text, {"k": None})


def test_a_condition_tells_true_false_or_nothing() -> None:
    for text, expected in (
        ("msg.a == 1", True),
        ("msg.a == 2", False),
        ("msg.b", None),
        ("msg.a", None),
    ):
        condition = compile_condition(expression_of(text), exact=True)
        assert condition(Document({"a": 1})) is expected
    for text in ("msg.b && msg.a == 2", "msg.a == 2 && msg.b"):
        both = expression_of(text)
        assert compile_condition(both, exact=True)(Document({"a": 1})) is False
        assert compile_condition(both, exact=False)(Document({"a": 1})) is not True


@pytest.mark.parametrize(
    "text",
    [
        "msg.l.map(a, msg.l.map(b, msg.l.map(c, 1)))",
        "msg.l.all(x, msg.s == msg.u || true)",
        "msg.l.all(x, msg.s < msg.t)",
        "msg.l.map(x, msg.s + msg.t)",
        "msg.l.exists(x, msg.l == msg.l && false)",
        "msg.l.exists(x, msg.d == msg.n || msg.n == msg.n && false)",
        "msg.s.matches('(a|aa)+$')",
        "msg.l.exists(x, 'a'.matches(msg.p + string(x)))",
        "msg.l.map(x, msg.s.contains('b'))",
        "msg.l.exists(x, msg.ss.exists(y, y.startsWith(msg.t)))",
        "msg.l.map(x, msg.s.lowerAscii())",
        "msg.l.map(x, timestamp(x).getHours('America/New_York'))",
        "msg.l.exists(x, timestamp(x).getHours('a' + string(x)) == 1)",
        "msg.l.map(x, string(timestamp(x)))",
        "msg.l.exists(x, x in msg.l && false)",
        "msg.l.exists(x, x / 0 == 1 || msg.zz.y || msg.s.q)",
        "msg.l.map(x, [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x])",
        "msg.l.exists(x, timestamp(msg.blank) == timestamp(0) || duration(msg.minus) == duration('0'))",
        "msg.l.exists(x, int(msg.blank) == 1 || double(msg.blank) == 1.0 || bool(msg.blank))",
        "msg.l.map(x, msg.d)",
        "[msg.ss, msg.ss].map(x, [x, x])",
    ],
)
def test_a_hostile_expression_is_stopped_in_a_few_milliseconds(text: str) -> None:
    evaluate, document = compile_expression(expression_of(text)), Document(HOSTILE)
    took: list[float] = []
    for _ in range(5):
        began = perf_counter()
        with pytest.raises(OutOfBudget):
            evaluate(document)
        took.append(perf_counter() - began)
    assert min(took) < 0.005


def test_nothing_absorbs_an_empty_budget() -> None:
    with pytest.raises(OutOfBudget):
        told("msg.l.all(x, msg.l.all(y, true)) || true", HOSTILE)
    loop = expression_of("msg.l.all(x, msg.l.all(y, true)) || true")
    assert compile_condition(loop, exact=True)(Document(HOSTILE)) is None


def test_too_many_conditions_in_each_other_are_refused() -> None:
    deep = "msg.a"
    for number in range(20):
        deep = f"({deep} && msg.a{number} || msg.b)"
    with pytest.raises(InvalidArgument, match="in each other"):
        told(deep)


def test_no_name_or_literal_becomes_code() -> None:
    evil = '"); __import__("os").system("true"); ("'
    sly = Call(function="_==_", operands=(expression_of("msg.x"), Constant(value=evil)))
    evaluate = compile_expression(sly)
    assert evil not in evaluate.__code__.co_consts
    assert evaluate.__globals__["__builtins__"] == {}
    assert evaluate(Document({"x": evil}))
    assert told("msg['\\\"); x(']", {'"); x(': 5}) == 5


def test_expressions_of_one_shape_share_their_code() -> None:
    one, two = (compile_expression(expression_of(text)) for text in ("msg.a > 1", "msg.bc > 20"))
    assert one.__code__ is two.__code__
    assert two(Document({"bc": 21}))
