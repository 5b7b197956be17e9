import pytest

from dragoman.formats.schemas.declared import declared_in
from dragoman.formats.schemas.limits import DEPTH_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_what_is_neither_large_nor_deep_is_decoded() -> None:
    assert declared_in('{"a": [1, "x", null]}') == {"a": [1, "x", None]}
    declared_in(nested(DEPTH_MAX))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        (nested(DEPTH_MAX + 1), f"deeper than {DEPTH_MAX}"),
        ("[" + "0," * PARTS_MAX + "0]", f"more than {PARTS_MAX} parts"),
        ('"' + "x" * SCHEMA_BYTES_MAX + '"', f"larger than {SCHEMA_BYTES_MAX} bytes"),
    ],
    ids=lambda given: given[:12],
)
def test_the_rest_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(SchemaInvalid, match=why):
        declared_in(text)
