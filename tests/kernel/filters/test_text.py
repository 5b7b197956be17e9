from decimal import Decimal

from hypothesis import given
from tests.kernel.filters.cases import PREDICATES

from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Header,
    In,
    Item,
    Literal,
    Matches,
    Member,
    Not,
    Or,
    Predicate,
    Some,
    Text,
    TextOp,
    equals,
)
from dragoman.kernel.filters.text import TEXT_CHARS_MAX, to_text
from dragoman.model.message import Typed

TIER = Header("tier")


def test_a_filter_reads_like_cel() -> None:
    predicate = And(
        (
            equals(TIER, "gold"),
            Or((Text(TextOp.PREFIX, Attribute("subject"), "eu/"), Not(Exists(Header("x-trace"))))),
            Compare(CompareOp.GE, Literal(2), Header("n")),
        )
    )
    assert to_text(predicate) == (
        'h.tier == "gold" && (m.subject.startsWith("eu/") || !("x-trace" in h)) && 2 >= h.n'
    )


def test_literals_are_spelled_by_type() -> None:
    values = (
        None,
        True,
        1,
        1.5,
        'a"b\n',
        b'\x00"a',
        Decimal("1.5"),
        Typed("i8", 3),
        [1, {"k": "v"}],
    )
    spelled = to_text(In(TIER, tuple(map(Literal, values))))
    assert spelled == (
        'h.tier in [null, true, 1, 1.5, "a\\"b\\n", b"\\x00\\x22a", 1.5, 3, [1, {"k": "v"}]]'
    )


def test_no_parts_are_true_or_false() -> None:
    assert to_text(And(())) == "true"
    assert to_text(Or(())) == "false"


def test_fields_that_are_no_identifiers_are_quoted() -> None:
    assert to_text(equals(Header("a b"), 1)) == 'h["a b"] == 1'
    assert to_text(Exists(Attribute("type"))) == "has(m.type)"


def test_a_long_text_is_cut() -> None:
    assert len(to_text(equals(TIER, "x" * 2 * TEXT_CHARS_MAX))) == TEXT_CHARS_MAX


@given(PREDICATES)
def test_every_filter_has_a_text_of_one_line(predicate: Predicate) -> None:
    assert "\n" not in to_text(predicate)


def test_the_body_is_msg_and_case_that_does_not_count_is_lowered() -> None:
    colours = Some(Member(("colours",)), Text(TextOp.PREFIX, Item(), "re", folded=True))
    assert to_text(colours) == 'msg.colours.exists(item, item.lowerAscii().startsWith("re"))'
    assert to_text(Exists(Member(("a", "x-y")))) == 'has(msg.a["x-y"])'
    assert to_text(In(TIER, (Literal("gold"),), folded=True)) == 'h.tier.lowerAscii() in ["gold"]'


def test_a_pattern_is_told_as_it_stands() -> None:
    assert to_text(Matches(TIER, "a.*b")) == 'h.tier.matches("a.*b")'
