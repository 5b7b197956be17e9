"""Members of a resource's properties, each read as what it must be. All of it raises ArmError with 400."""

from collections.abc import Collection, Mapping
from typing import Any

from dragoman.doors.shared.arm.errors import ArmError

SHOWN_CHARS_MAX = 60  # of a value that is refused


def object_in(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object; an empty one where nothing is said."""
    value = told.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise invalid(f"{name} is no object")
    return value


def list_in(told: Mapping[str, Any], name: str, count_max: int) -> list[Any]:
    """A list; an empty one where nothing is said."""
    value = told.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > count_max:
        raise invalid(f"{name} is a list of at most {count_max}")
    return value


def text_in(told: Mapping[str, Any], name: str) -> str:
    """A string that is not empty."""
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{name} is missing")
    return value


def word_in(told: Mapping[str, Any], name: str, words: Collection[str], default: str) -> str:
    """One of some words."""
    value = told.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or value not in words:
        raise invalid(f"{name} is one of {', '.join(words)}, not {shortened(value)}")
    return value


def whole_in(told: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    """A number within its range."""
    value = told.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise invalid(f"{name} is from {low} to {high}")
    return value


def invalid(what: str) -> ArmError:
    """The refusal of a request whose content makes no sense."""
    return ArmError(400, "InvalidRequest", f"{what[0].upper()}{what[1:]}.")


def shortened(value: object) -> str:
    """A value of a request as a message can show it: it may be of any size."""
    return f"{value!r:.{SHOWN_CHARS_MAX}}"
