from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.expressions import INT, Type, UInt, inside, reads, terms_of


def test_what_an_expression_reads_is_known() -> None:
    assert reads(expression_of("msg.a + raw.size() + size(h) + m.priority")) == {
        ("msg", ""), ("raw", ""), ("h", ""), ("m", "priority"),
    }  # fmt: skip
    assert reads(expression_of("h.a == 'x' && 'b' in h && has(h.c)")) == {
        ("h", "a"),
        ("h", "b"),
        ("h", "c"),
    }
    assert reads(expression_of("{'a': [1, 2].map(x, x)}")) == set()


def test_every_part_is_inside() -> None:
    found = expression_of("{'k': msg.a ? [-msg.b] : [1].map(x, x > 1, x), 'l': known(!msg.c)}")
    assert terms_of(found) == 20
    assert len(inside(found)) == 4


def test_types_and_numbers_without_sign_are_told_as_cel_does() -> None:
    assert str(Type("map", (INT, Type("list", (INT,))))) == "map(int, list(int))"
    assert repr(UInt(5)) == "5u"
