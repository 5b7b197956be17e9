"""The query protocol as SNS speaks it: lists and maps are nested, where those of SQS are flattened.

Tags.member.1.Key=a&Tags.member.1.Value=b              {"Tags": [{"Key": "a", "Value": "b"}]}
Attributes.entry.1.key=a&Attributes.entry.1.value=b    {"Attributes": {"a": "b"}}

<Topics><member><TopicArn>...</TopicArn></member></Topics>
<Attributes><entry><key>a</key><value>b</value></entry></Attributes>
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.wire.aws.query import MalformedQueryError, items_of, tree_of
from dragoman.wire.aws.xml import escape

SNS_NAMESPACE: Final = "http://sns.amazonaws.com/doc/2010-03-31/"
LIST: Final = "member"
MAP: Final = "entry"
MAPS: Final = frozenset(("Attributes",))
"""Members of results that are maps."""


def nested_members(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The request as JSON would have it, all values text. Raises MalformedQueryError."""
    return {name: _value(name, below) for name, below in tree_of(parameters).items()}


def _value(name: str, below: Any) -> Any:
    if not isinstance(below, dict):
        return below
    if below.keys() == {LIST} and isinstance(below[LIST], dict):
        return [_value(name, item) for item in items_of(name, below[LIST])]
    if below.keys() == {MAP} and isinstance(below[MAP], dict):
        return dict(_entry(item) for item in items_of(name, below[MAP]))
    return {known: _value(known, item) for known, item in below.items()}


def _entry(item: Any) -> tuple[str, Any]:
    """Of a map; the names of keys and values are in capitals or not, by the map."""
    if isinstance(item, dict):
        small = {known.lower(): value for known, value in item.items()}
        key = small.get("key", small.get("name"))
        if isinstance(key, str):
            return key, _value(key, small.get("value", ""))
    raise MalformedQueryError("an entry of a map has a key and a value")


def nested_xml(action: str, result: Any, request_id: str) -> bytes:
    """The answer to an action; `result` is a shape, or None where the action has none."""
    parts = [f'<?xml version="1.0"?><{action}Response xmlns="{SNS_NAMESPACE}">']
    if result is not None:
        parts.append(f"<{action}Result>")
        _add_members(parts, msgspec.to_builtins(result))
        parts.append(f"</{action}Result>")
    parts.append(
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return "".join(parts).encode()


def _add_members(parts: list[str], members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        parts.append(f"<{name}>")
        if name in MAPS:
            for key, item in value.items():
                parts.append(
                    f"<{MAP}><key>{escape(key)}</key><value>{escape(item)}</value></{MAP}>"
                )
        else:
            _add(parts, value)
        parts.append(f"</{name}>")


def _add(parts: list[str], value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            parts.append(f"<{LIST}>")
            _add(parts, item)
            parts.append(f"</{LIST}>")
    elif isinstance(value, dict):
        _add_members(parts, value)
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    else:
        parts.append(escape(str(value)))
