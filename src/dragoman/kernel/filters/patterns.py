"""Patterns of RE2, which take time in proportion to what they read. Text that is no Unicode is matched by none."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from dragoman.model.errors import InvalidArgument

MATCHER_BYTES_MAX: Final = 1 << 20  # of one compiled pattern
KEPT_MAX: Final = 64  # patterns that no literal says

Matcher = Callable[[str], bool]


def whole(pattern: str) -> Matcher:
    """Whether all of a text is matched, over lines. Raises InvalidArgument."""
    return _asking(_compiled(pattern, dot_nl=True).fullmatch)


@lru_cache(maxsize=KEPT_MAX)
def anywhere(pattern: str) -> Matcher:
    """Whether some of a text is matched, as CEL's `matches` asks. Raises InvalidArgument."""
    return _asking(_compiled(pattern, dot_nl=False).search)


def _compiled(pattern: str, *, dot_nl: bool) -> Any:
    import re2  # noqa: PLC0415 - most brokers never see one

    options = re2.Options()
    options.log_errors = False
    options.dot_nl = dot_nl
    options.max_mem = MATCHER_BYTES_MAX
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0]
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        raise InvalidArgument(f"a pattern: {text}") from None
    except UnicodeEncodeError:
        raise InvalidArgument("a pattern: not Unicode") from None


def _asking(found: Callable[[str], Any]) -> Matcher:
    def matches(text: str) -> bool:
        try:
            return found(text) is not None
        except UnicodeEncodeError:
            return False

    return matches
