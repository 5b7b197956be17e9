from dragoman.kernel.filters.cel.syntax import wrong


def test_a_refusal_says_line_and_column_as_editors_count_them() -> None:
    assert str(wrong("a\nbc d", 5, "what?")) == "CEL, line 2, column 4: what?"
    assert str(wrong("a", 0, "what?")) == "CEL, line 1, column 1: what?"
