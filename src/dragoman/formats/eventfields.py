"""What filters read of stored events: their attributes and their data, parsed once, the rest never.

An event is opened as plain JSON, not as a message: that is several times cheaper, and the filters of an event
subscription ask for nothing else. Whatever cannot be parsed has no members.
"""

from base64 import b64decode
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec

from dragoman.formats import cloudevent, eventgrid
from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import BASE64_MEMBER, MEMBER
from dragoman.model.message import CARRIED_FIELDS, Message

EVENT: Final = "event:"
_TIMES: Final = {"created_at": "created_at_ms"}
_NONE: Final[dict[str, Any]] = {}


def parse_json(raw: bytes) -> object:
    """The value, or None when it is none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def find_member(data: object, path: tuple[str, ...]) -> object:
    """What stands under these names, one inside the other; None when nothing does."""
    for name in path:
        if not isinstance(data, dict):
            return None
        data = data.get(name)
    return data


class CloudEventFields:
    """See `ports.translator.FieldSource`: an event in CloudEvents' JSON."""

    def __init__(self, format_: int, body: bytes, index: int) -> None:
        if index != 0:
            raise FormatError(f"no message {index} in an entry of one")
        self._body = body

    @cached_property
    def _members(self) -> dict[str, Any]:
        found = parse_json(self._body)
        return found if isinstance(found, dict) else _NONE

    @cached_property
    def headers(self) -> Mapping[str, object]:
        """The context attributes."""
        return {
            name: value
            for name, value in self._members.items()
            if name not in {MEMBER, BASE64_MEMBER} and value is not None
        }

    def attribute(self, name: str) -> object:
        """An attribute of the event (`event:type`), or of the message that it is. Raises FormatError."""
        if name.startswith(EVENT):
            return self._members.get(self._spell(name[len(EVENT) :]))
        name = _TIMES.get(name, name)
        return getattr(self._message, name) if name in CARRIED_FIELDS else None

    def member(self, path: tuple[str, ...]) -> object:
        """Of the event's data."""
        data = self._members.get(MEMBER)
        if data is None and BASE64_MEMBER in self._members:
            data = self._decoded
        return find_member(data, path)

    @cached_property
    def _decoded(self) -> object:
        try:
            return parse_json(b64decode(self._members[BASE64_MEMBER]))
        except (ValueError, TypeError):
            return None

    @cached_property
    def _message(self) -> Message:
        return cloudevent.decode(self._body)

    @staticmethod
    def _spell(attribute: str) -> str:
        return attribute


class EventGridFields(CloudEventFields):
    """The same of an event in Event Grid's own schema, which has other names for the attributes."""

    @cached_property
    def headers(self) -> Mapping[str, object]:
        """The properties but the data, by their names in the schema."""
        return {name: value for name, value in self._members.items() if name != MEMBER}

    @cached_property
    def _message(self) -> Message:
        return eventgrid.decode(self._body)

    @staticmethod
    def _spell(attribute: str) -> str:
        return PROPERTIES.get(attribute, attribute)


PROPERTIES: Final = {attribute: name for name, attribute in eventgrid.ATTRIBUTES}
