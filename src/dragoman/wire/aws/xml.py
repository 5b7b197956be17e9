"""Query protocol, answers: a result or an error as XML.

    <SendMessageResponse xmlns=...><SendMessageResult>...</SendMessageResult><ResponseMetadata><RequestId>...

Lists and maps are flattened under the names of `actions`. Carriage returns are escaped, or a parser would make line
feeds of them (XML 1.0, section 2.11).
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.wire.aws.actions import RESULT_MAPS, list_name

SQS_NAMESPACE: Final = "http://queue.amazonaws.com/doc/2012-11-05/"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})


def escape(text: str) -> str:
    """The text as it stands between tags."""
    return text.translate(_ESCAPES)


def result_xml(action: str, result: Any, request_id: str, namespace: str = SQS_NAMESPACE) -> bytes:
    """The answer to an action; `result` is a shape, or None where the action has none."""
    parts = [f'<?xml version="1.0"?><{action}Response xmlns="{namespace}">']
    if result is not None:
        parts.append(f"<{action}Result>")
        _add_members(parts, action, msgspec.to_builtins(result, builtin_types=(bytes,)))
        parts.append(f"</{action}Result>")
    parts.append(
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return "".join(parts).encode()


def error_xml(
    fault: str, code: str, message: str, request_id: str, namespace: str = SQS_NAMESPACE
) -> bytes:
    """A refusal; `fault` is Sender or Receiver."""
    return (
        f'<?xml version="1.0"?><ErrorResponse xmlns="{namespace}"><Error><Type>{fault}</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message><Detail/></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def _add_members(parts: list[str], action: str, members: Mapping[str, Any]) -> None:
    for member, value in members.items():
        if member in RESULT_MAPS and isinstance(value, dict):
            name, key = RESULT_MAPS[member]
            for known, item in value.items():
                parts.append(f"<{name}><{key}>{escape(known)}</{key}>")
                _add(parts, action, "Value", item)
                parts.append(f"</{name}>")
        elif isinstance(value, list):
            name = list_name(action, member)
            for item in value:
                _add(parts, action, name, item)
        else:
            _add(parts, action, member, value)


def _add(parts: list[str], action: str, name: str, value: Any) -> None:
    parts.append(f"<{name}>")
    if isinstance(value, dict):
        _add_members(parts, action, value)
    elif isinstance(value, bytes):
        parts.append(b64encode(value).decode())
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    else:
        parts.append(escape(str(value)))
    parts.append(f"</{name}>")
