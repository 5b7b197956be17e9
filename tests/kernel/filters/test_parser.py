"""What conditions of SQL-92 have in common: signs bind as they do, patterns match as they say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.nodes import Header
from dragoman.kernel.filters.parser import Parser, Property, like
from dragoman.model.errors import InvalidArgument


class Plain(Parser):
    """Every name is a header."""

    def property(self, kind: str, said: str) -> Property:
        return Header(said)


def passes(text: str, **headers: object) -> bool:
    return compile_filter(Plain(text).condition()).matches(Source(headers=headers))


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9))
def test_properties_are_reckoned_as_constants_are(a: int, b: int, c: int) -> None:
    for text in ("{} + {} * {}", "({} + {}) * {}", "{} - {} - {}", "-{} / {}", "{} % {} + {}"):
        said = text.replace("{}", "a", 1).replace(
            "{}", "c" if "/" in text or "%" in text else "b", 1
        )
        said = said.replace("{}", "c", 1)
        known = said.replace("a", f"({a})").replace("b", f"({b})").replace("c", f"({c})")
        assert passes(f"{said} = {known}", a=a, b=b, c=c), said


def test_a_dialect_without_parameters_and_functions_has_none() -> None:
    for text, words in (("a = @p", "no value"), ("f(a) = 1", "not offered")):
        with pytest.raises(InvalidArgument, match=words):
            Plain(text).condition()


@given(st.text(alphabet="ab.%_*é\n", max_size=8), st.text(alphabet="ab.%_*é\n", max_size=8))
def test_a_pattern_matches_as_the_standard_says(pattern: str, text: str) -> None:
    found = compile_filter(like(Header("h"), pattern, ""))
    wanted = "".join({"%": ".*", "_": "."}.get(one, re.escape(one)) for one in pattern)
    expected = re.fullmatch(wanted, text, re.DOTALL) is not None
    assert found.matches(Source(headers={"h": text})) is expected
