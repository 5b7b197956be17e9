"""Query protocol, requests: form-encoded parameters to the members that JSON would have named.

    Action=SendMessage&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String&...
    -> {"MessageAttributes": {"a": {"DataType": "String", ...}}}

Numbers of list items only order them, as AWS does it: 1 and 7 are two items.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from dragoman.wire.aws.actions import REQUEST_LISTS, REQUEST_MAPS

PARAMETERS_MAX: Final = 4_096
"""A full batch has 10 messages of 10 attributes of 4 parameters each, and 10 times 6 more."""
DEPTH_MAX: Final = 8  # SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringListValue.1
NUMBER_DIGITS_MAX: Final = 9

_LISTS: Final[Mapping[str, tuple[str, Any]]] = {
    spelled: (member, []) for name, member in REQUEST_LISTS.items() for spelled in (name, member)
}
_MAPS: Final[Mapping[str, tuple[str, Any]]] = {
    spelled: (member, {})
    for name, (member, _) in REQUEST_MAPS.items()
    for spelled in (name, member)
}
_REPEATED: Final[Mapping[str, tuple[str, Any]]] = {**_LISTS, **_MAPS}
"""What repeats, by both of its names: (member, what it is when it is empty)."""

Tree = dict[str, Any]
"""Parts of a parameter's name, leaves are its text."""


class MalformedQueryError(ValueError):
    """Parameters that are no request; the text says why."""


def read_form(data: bytes) -> dict[str, str]:
    """Parameters by name; of one that repeats the last. Raises MalformedQueryError."""
    if data.count(b"&") >= PARAMETERS_MAX:
        raise MalformedQueryError(f"more than {PARAMETERS_MAX} parameters")
    found: dict[str, str] = {}
    try:
        for pair in data.split(b"&"):
            if pair:
                name, _, value = pair.partition(b"=")
                found[_text(name)] = _text(value)
    except UnicodeDecodeError:
        raise MalformedQueryError("a parameter that is not UTF-8") from None
    return found


def _text(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode()


def members_of(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The request as JSON would have it, all values text. Raises MalformedQueryError."""
    return _members(tree_of(parameters))


def tree_of(parameters: Mapping[str, str]) -> Tree:
    """Parameters by the parts of their names. Raises MalformedQueryError."""
    tree: Tree = {}
    for name, value in parameters.items():
        _plant(tree, name, value)
    return tree


def _plant(tree: Tree, name: str, value: str) -> None:
    *branches, leaf = name.split(".")
    if len(branches) >= DEPTH_MAX:
        raise MalformedQueryError(f"a parameter of more than {DEPTH_MAX} parts")
    for branch in branches:
        below = tree.setdefault(branch, {})
        if not isinstance(below, dict):
            raise MalformedQueryError(f"{name} is a value and has parts")
        tree = below
    if isinstance(tree.get(leaf), dict):
        raise MalformedQueryError(f"{name} is a value and has parts")
    tree[leaf] = value


def _members(tree: Tree) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, below in tree.items():
        if below == "" and name in _REPEATED:  # how some clients say that there are none
            found[_REPEATED[name][0]] = _REPEATED[name][1]
        elif not isinstance(below, dict):
            found[name] = below
        elif name in REQUEST_MAPS:
            member, key = REQUEST_MAPS[name]
            found[member] = dict(_item(item, key) for item in items_of(name, below))
        elif name in REQUEST_LISTS:
            found[REQUEST_LISTS[name]] = [
                _members(item) if isinstance(item, dict) else item for item in items_of(name, below)
            ]
        else:
            found[name] = _members(below)
    return found


def _item(item: Any, key: str) -> tuple[str, Any]:
    if not isinstance(item, dict) or not isinstance(item.get(key), str):
        raise MalformedQueryError(f"an item of a map has a {key} and a Value")
    value = item.get("Value", "")
    return item[key], _members(value) if isinstance(value, dict) else value


def items_of(name: str, below: Tree) -> list[Any]:
    """What is numbered, in the order of the numbers. Raises MalformedQueryError."""
    numbered: dict[int, Any] = {}
    for number, item in below.items():
        if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS_MAX):
            raise MalformedQueryError(f"{name}.{number} is not a number of an item")
        numbered[int(number)] = item
    return [numbered[number] for number in sorted(numbered)]
