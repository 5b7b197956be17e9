"""The words of SQL's conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.filters.tokens import number_of, tokens
from dragoman.model.errors import InvalidArgument


def test_each_word_is_of_a_kind_and_the_last_is_the_end() -> None:
    text = """ N'it''s' [a ]] b] "q""" + '""' + """ r" 0x1F .5e3 @p name$1 <> ; """
    assert [(kind, said) for kind, said, _ in tokens(text)] == [
        ("text", "it's"),
        ("name", "a ] b"),
        ("name", 'q" r'),
        ("number", "0x1F"),
        ("number", ".5e3"),
        ("parameter", "@p"),
        ("word", "name$1"),
        ("sign", "<>"),
        ("sign", ";"),
        ("end", ""),
    ]


def test_numbers_are_whole_where_nothing_says_otherwise() -> None:
    assert [number_of(text) for text in ("12", "0x1F", "1.5", "2e1")] == [12, 31, 1.5, 20.0]


@pytest.mark.parametrize("text", ["'open", "[open", "a # b", "@", "@1"])
def test_what_is_no_word_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="what is"):
        tokens(text)


@given(st.text(max_size=40))
def test_any_text_is_words_or_refused(text: str) -> None:
    try:
        found = tokens(text)
    except InvalidArgument:
        return
    assert found[-1] == ("end", "", "")
    assert "".join(raw for _, _, raw in found).split() == "".join(text.split()).split()
