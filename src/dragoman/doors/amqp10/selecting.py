"""A selector among the filters of a source: which messages of a stream its client wants.

    {NAME: described("apache.org:selector-filter:string", text)}

Known by its descriptor, whatever its name; or by its name, if that is the descriptor's and the text stands alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from dragoman.formats.errors import FormatError
from dragoman.formats.translator import FormatTranslator
from dragoman.kernel.api import compile_selector
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.values import Described, ULong

SELECTOR: Final = "apache.org:selector-filter:string"
CODE: Final = ULong(0x0000_468C_0000_0004)
_translator: Final = FormatTranslator()


class Selector(NamedTuple):
    """A filter as the client said it, and its text."""

    name: Any
    said: Any
    text: str


def selector_in(filters: Mapping[Any, Any] | None) -> Selector | None:
    """The first selector there is. Raises InvalidArgument."""
    for name, said in (filters or {}).items():
        text = said
        if type(said) is Described:
            if said.descriptor not in {SELECTOR, CODE}:
                continue
            text = said.value
        elif name != SELECTOR:
            continue
        if type(text) is not str:
            raise InvalidArgument("a selector is text")
        return Selector(name, said, text)
    return None


def selects_by(text: str) -> Callable[[bytes], bool]:
    """Whether a message (in its stored form as AMQP10) passes. Raises InvalidArgument."""
    found = compile_selector(text)

    def selects(entry: bytes) -> bool:
        try:
            return found.matches(_translator.fields(AMQP10, entry, 0))
        except FormatError:
            return False  # what cannot be read is not what was asked for

    return selects
