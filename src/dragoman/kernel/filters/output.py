"""How large a value would be written out, known before it is: what stands in it many times counts each time, and is
looked at once.
"""

from typing import Any, Final

from dragoman.kernel.filters.evaluation import LISTS, OutOfBudget

OUTPUT_BYTES_MAX: Final = 1 << 20
SCALAR_BYTES: Final = 8
SIZED: Final = frozenset({dict, str, bytes, *LISTS})


def bounded(value: Any) -> Any:
    """The value. Raises OutOfBudget past OUTPUT_BYTES_MAX, RecursionError when it is too deep to be written."""
    if value.__class__ in SIZED and _size(value, {}) > OUTPUT_BYTES_MAX:
        raise OutOfBudget(f"more than {OUTPUT_BYTES_MAX} bytes come of it")
    return value


def _size(value: Any, known: dict[int, int]) -> int:
    kind = value.__class__
    if kind is str or kind is bytes:
        return len(value) + 2
    if kind is not dict and kind not in LISTS:
        return SCALAR_BYTES
    found = known.get(id(value))
    if found is None:
        if kind is dict:
            found = sum([_size(each, known) for each in (*value, *value.values())])
        else:
            found = sum([_size(each, known) for each in value])
        found += SCALAR_BYTES + len(value)
        known[id(value)] = found
    return found
