from decimal import Decimal

import pytest

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.expressions import UInt
from dragoman.kernel.filters.spelling import literal_text, spell


@pytest.mark.parametrize(
    "text",
    [
        'msg.a["b-c"].d',
        "(msg.a + 1) * -2 - -msg.b",
        "(msg.a || msg.b) && !msg.c",
        "(msg.a ? 1 : 2) == 3",
        'msg.l.filter(x, x > 1).map(y, y % 2 == 0, [y, {"k": y}])',
        'has(msg.a) && known(h["x-y"]) && m.subject.startsWith("a")',
        'type(msg.a) == int && msg.b.matches("[a-z]+") && size(msg.c) > 2',
        'timestamp("2020-01-01T00:00:00Z").getHours("UTC") in [1, 2]',
        "msg.l[0] in msg.m",
    ],
)
def test_an_expression_is_spelled_as_one_would(text: str) -> None:
    assert spell(expression_of(text)) == text.replace("size(msg.c)", "msg.c.size()")


def test_literals_are_spelled_such_that_they_stay_what_they_are() -> None:
    for value, expected in (
        (UInt(5), "5u"),
        (1 << 63, "9223372036854775808u"),
        (5.0, "5.0"),
        (1e300, "1e+300"),
        (float("-inf"), 'double("-inf")'),
        (Decimal("1.5"), "1.5"),
        (b"a\x00\xff", 'b"a\\x00\\xff"'),
        ("é\n", '"é\\n"'),
        ({"a": [None, True]}, '{"a": [null, true]}'),
    ):
        assert literal_text(value) == expected
