import pytest

from dragoman.formats.schemas.compiledtext import MARK, Compiled, read, spell
from dragoman.model.errors import SchemaInvalid


def test_what_is_spelled_is_read_again_and_source_is_not() -> None:
    compiled = Compiled("a.Order", bytes(range(256)))
    assert read(spell(compiled)) == compiled
    assert read("message Order {}") is None


def test_what_is_neither_is_refused() -> None:
    for text in (MARK + "Order\n***", MARK + "Order\nab", MARK + "Order\n\u00fc"):
        with pytest.raises(SchemaInvalid):
            read(text)
