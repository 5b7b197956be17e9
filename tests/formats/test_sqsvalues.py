"""Types of attributes: what is written is read, and what we would not write is left as its text."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.formats.strategies import SCALARS, VALUES

from dragoman.formats.sqsvalues import is_legal, is_name, read, write
from dragoman.model.message import Typed, Value, identical


@given(SCALARS)
def test_a_scalar_that_can_be_written_is_read_exactly(value: Value) -> None:
    written = write(value)
    if written is None:
        text = getattr(value, "value", value)
        assert text in ("", b"") or not is_legal(str(text))
        return
    found, is_plain = read(*written)
    assert is_plain
    assert identical(found, value)


@example([Typed("u64", 1 << 63)])
@given(VALUES)
def test_an_attribute_of_ours_reads_to_what_is_written_the_same(value: Value) -> None:
    written = write(value)
    if written is not None:
        assert write(read(*written)[0]) == written


@given(
    st.sampled_from(["String", "Number", "Binary", "Number.f64", "String.list", "Number.u8", "x"]),
    st.one_of(
        st.binary(max_size=8), st.from_regex(r"-?[0-9.e]{0,8}", fullmatch=True).map(str.encode)
    ),
)
def test_any_attribute_is_a_value_or_its_text(data_type: str, raw: bytes) -> None:
    try:
        value, is_plain = read(data_type, raw)
    except UnicodeDecodeError:
        return
    if is_plain and raw and (type(value) is not str or is_legal(value)):
        assert write(value) == (data_type, raw)
    elif not is_plain:
        assert value in (raw, raw.decode(errors="replace"))


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        ("Number", "-0", Decimal("-0")),
        ("Number", "007", "007"),
        ("Number", "1_0", "1_0"),
        ("Number", "NaN", "NaN"),
        ("Number", "9223372036854775807", (1 << 63) - 1),
        ("Number.u8", "256", "256"),
        ("Number.int", "5", "5"),
        ("String.bool", "True", "True"),
        ("String.list", '[1,"a",null]', [1, "a", None]),
        ("String.map", "[]", "[]"),
        ("String.list", "[" * 10_000, "[" * 10_000),
        ("Number.timestamp", "5", Typed("timestamp", 5)),
    ],
)
def test_only_our_own_spelling_is_typed(data_type: str, text: str, value: Value) -> None:
    assert read(data_type, text.encode())[0] == value


@pytest.mark.parametrize("name", ["a", "A.b-c_9", "x" * 256, "awsome.x"])
def test_names_that_sqs_allows(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".a",
        "a.",
        "a..b",
        "AWS.x",
        "aws.x",
        "Amazon.y",
        "amaZon.z",
        "é",
        "a b",
        "x" * 257,
        "aw\u017f.x",
    ],
)
def test_names_that_sqs_does_not_allow(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("text", ["\0", "\x0b", "\ufffe", "a\ud800", "\uffff"])
def test_characters_that_sqs_does_not_allow(text: str) -> None:
    assert not is_legal(text)
    assert is_legal("\t\n\r é\U0001f600\ufffd")
