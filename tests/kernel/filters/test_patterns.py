import pytest

from dragoman.kernel.filters.patterns import anywhere, whole
from dragoman.model.errors import InvalidArgument


def test_a_pattern_is_for_all_of_a_text_or_for_some() -> None:
    assert whole("a.c")("a\nc")
    assert not whole("b")("abc")
    assert anywhere("b")("abc")
    assert not anywhere("a.c")("a\nc")
    assert not anywhere("")("\udc00"), "no Unicode"


@pytest.mark.parametrize("pattern", ["(", "a{9999}", "\udc00", "(?=a)", "((a{100}){100}){100}"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidArgument, match="a pattern: "):
        anywhere(pattern)
