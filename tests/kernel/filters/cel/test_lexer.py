import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.filters.cel.lexer import tokens
from dragoman.kernel.filters.cel.syntax import Kind
from dragoman.kernel.filters.expressions import UInt
from dragoman.model.errors import InvalidArgument


def literal(text: str) -> tuple[Kind, object] | None:
    first, end = tokens(text)
    assert end.kind == "end"
    return first.literal


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", Kind.INT, 12),
        ("0x1F", Kind.INT, 31),
        ("7u", Kind.UINT, UInt(7)),
        ("0xffU", Kind.UINT, UInt(255)),
        ("1.5", Kind.DOUBLE, 1.5),
        (".5e1", Kind.DOUBLE, 5.0),
        ("1e3", Kind.DOUBLE, 1000.0),
        ("true", Kind.BOOL, True),
        ("null", Kind.NULL, None),
        (r'"a\n\x41\u00e9\U0001F600\101\""', Kind.STRING, 'a\nAé😀A"'),
        (r"r'\n'", Kind.STRING, r"\n"),
        ("'''a\n'b'''", Kind.STRING, "a\n'b"),
        ('"""a""b"""', Kind.STRING, 'a""b'),
        (r"b'é\xff\377'", Kind.BYTES, b"\xc3\xa9\xff\xff"),
        (r"rb'\xff'", Kind.BYTES, rb"\xff"),
        ("''", Kind.STRING, ""),
    ],
)
def test_literals_are_what_the_specification_says(text: str, kind: Kind, value: object) -> None:
    found = literal(text)
    assert found == (kind, value)
    assert found is not None
    assert type(found[1]) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "'a", "'a\nb'", '"""a"', r"'\q'", r"'\u12'", r"'\ud800'", r"'\U00110000'", r"b'\u00e9'", r"'\8'", "#", "1a", "0x",
        "9223372036854775809", "18446744073709551616u", "1" * 500, "`a$b`", "a $ b", "'\\",
    ],
)  # fmt: skip
def test_what_is_no_word_is_refused_where_it_stands(text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"CEL, line \d+, column \d+: "):
        list(tokens(text))


def test_comments_and_spaces_are_skipped() -> None:
    assert [token.said for token in tokens("a // b\n\t+ c")] == ["a", "+", "c", "the end"]


@given(st.text(max_size=40))
def test_any_text_is_words_or_refused(text: str) -> None:
    try:
        found = list(tokens(text))
    except InvalidArgument:
        return
    assert found[-1].kind == "end"
