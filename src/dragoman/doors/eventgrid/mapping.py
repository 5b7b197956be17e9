"""Custom input schema: events of a publisher's own shape, mapped to Event Grid's schema as they come.

    "inputSchemaMapping": {"inputSchemaMappingType": "Json", "properties": {
        "id": {"sourceField": "myId"}, "eventTime": {..}, "topic": {..},
        "eventType": {"sourceField": "kind", "defaultValue": "x"}, "subject": {..}, "dataVersion": {..}}}

The event as it came is the data of the event that is stored ("Map custom fields to Event Grid schema"); a subscription
whose delivery schema is CustomInputSchema gets that data alone.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dragoman.doors.eventgrid.errors import EventGridError, bad_request
from dragoman.formats.errors import FormatError
from dragoman.formats.eventdata import read_members, read_time_ms, read_value, write_json
from dragoman.formats.values import timestamp_text

PATHS: Final = ("id", "topic", "eventTime")
WITH_DEFAULT: Final = ("eventType", "subject", "dataVersion")


class InputMapping:
    """Where each property of the schema is found in an event, and what it is where it is not there."""

    __slots__ = ("_defaults", "_fields")

    def __init__(self, properties: Mapping[str, Any]) -> None:
        """From the `properties` of an inputSchemaMapping. Raises EventGridError."""
        self._fields: dict[str, tuple[str, ...]] = {}
        self._defaults: dict[str, str] = {}
        for name in (*PATHS, *WITH_DEFAULT):
            told = properties.get(name) or {}
            if not isinstance(told, Mapping):
                raise bad_request(f"inputSchemaMapping: {name} is no object.")
            source, default = told.get("sourceField"), told.get("defaultValue")
            if isinstance(source, str) and source:
                self._fields[name] = tuple(source.split("."))
            if name in WITH_DEFAULT and isinstance(default, str):
                self._defaults[name] = default

    def apply(self, event: bytes, id_: str, now_ms: int, topic: str) -> bytes:
        """The event in Event Grid's schema, the original as its data. Raises EventGridError.

        `id_` and `now_ms` stand for what the mapping does not say; so does `topic`, the topic's resource id.
        """
        members = read_members(event)
        found: dict[str, Any] = {"id": id_, "eventTime": timestamp_text(now_ms), "topic": topic}
        for name in (*PATHS, *WITH_DEFAULT):
            text = self._find(members, name)
            if text is not None:
                found[name] = text
        for name in WITH_DEFAULT:
            if name not in found:
                raise bad_request(
                    f"The property '{name}' is mapped to nothing in the event.", "InputJsonInvalid"
                )
        found["metadataVersion"] = "1"
        found["data"] = msgspec.Raw(event)
        return write_json(found)

    def _find(self, members: Mapping[str, msgspec.Raw], name: str) -> str | None:
        path = self._fields.get(name)
        if path is None:
            return self._defaults.get(name)
        value: Any = read_value(members[path[0]]) if path[0] in members else None
        for step in path[1:]:
            value = value.get(step) if isinstance(value, dict) else None
        if value is None:
            return self._defaults.get(name)
        if not isinstance(value, str):
            raise _no_string(name, path)
        if name == "eventTime":
            try:
                read_time_ms(write_json(value))
            except FormatError as error:
                raise _no_string(name, path) from error
        return value


def _no_string(name: str, path: tuple[str, ...]) -> EventGridError:
    kind = "time" if name == "eventTime" else "string"
    return bad_request(f"'{'.'.join(path)}', mapped to '{name}', is no {kind}.", "InputJsonInvalid")
