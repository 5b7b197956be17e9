"""What is made use of when types are known; what it comes to is tested with `conditions` and beside the other CEL."""

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.emit import Writer


def written(text: str) -> str:
    writer = Writer()
    writer.value(expression_of(text))
    return "\n".join([*writer.head(), *writer.lines])


def test_a_comparison_with_a_literal_calls_nothing() -> None:
    for text in ("msg.a == 'x'", "msg.a != 5", "msg.a == null", "m.priority < m.priority"):
        assert "b." not in written(text), text
    assert "no(" in written("msg.a > 5"), "only where it has another type"
    assert "b.equal" in written("msg.a == msg.b")


def test_constant_lists_are_looked_up() -> None:
    assert "contains" not in written("msg.a in ['x', 'y']")
    assert "contains" in written("msg.a in [1, 2]")


def test_parts_that_cannot_fail_are_not_guarded() -> None:
    assert "try" not in written("has(h.a) && msg.b")
    assert written("msg.a && msg.b").count("try") == 1
    assert written("msg.a && msg.b && msg.c").count("try") == 2


def test_what_is_not_asked_for_is_not_loaded() -> None:
    assert written("1 + 2").count("source") == 0
    assert written("msg.a.b").count("source.member") == 1
    assert "source.headers.get" in written("h.a == 'b'")
