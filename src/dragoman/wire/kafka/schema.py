"""Our notation for Kafka's messages, read into fields. It knows layouts, not bytes.

A message is a head line, a request after `>` and a response after `<`:

    12 Heartbeat 0-4 flexible 4
    > group_id:str generation_id:i32 member_id:str group_instance_id:str?@3+
    < throttle_time_ms:i32=0@1+ error_code:i16

    field     name:type[?[versions]][=default][@versions][#tag]
    type      i8 i16 i32 i64 u16 f64 bool uuid str bytes records, [primitive],
              [ field ... ] an array of structs, { field ... } one struct
    ?         null is allowed (from those versions on), and is then the default
    =         the default; without it, or `?` or a tag, an encoder must be given the value
    @         the versions that have the field: 3+, 2-8 or 5; without it all versions
    #         a tagged field of that number (KIP-482), left out when it equals its default

Field names are those of the protocol guide, in snake case, so that the guide can be searched.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from dragoman.wire.kafka import (
    messages_cluster,
    messages_data,
    messages_groups,
    messages_inspection,
    messages_operations,
    messages_shares,
)

PRIMITIVES: Final = frozenset(
    ("i8", "i16", "i32", "i64", "u16", "f64", "bool", "uuid", "str", "bytes", "records")
)
NEVER: Final = 1 << 15  # above every int16 version: a message that has no flexible versions

_SOURCES: Final = (
    messages_data.MESSAGES,
    messages_groups.MESSAGES,
    messages_shares.MESSAGES,
    messages_cluster.MESSAGES,
    messages_inspection.MESSAGES,
    messages_operations.MESSAGES,
)
_HEAD: Final = re.compile(r"(\d+) (\w+) (\d+)-(\d+) flexible (\d+|never)")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_SUFFIX: Final = re.compile(
    r"(?P<null>\?(?P<null_versions>\d+\+)?)?(=(?P<default>[^@#\s]+))?"
    r"(@(?P<versions>[\d+-]+))?(#(?P<tag>\d+))?"
)

Default: TypeAlias = int | bool | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: `kind` is a primitive or `struct`; versions are inclusive ranges."""

    name: str
    kind: str
    is_array: bool
    fields: tuple["Field", ...]
    versions: tuple[int, int]
    null_versions: tuple[int, int] | None
    default: Default
    is_required: bool
    tag: int | None

    def is_in(self, version: int) -> bool:
        return self.versions[0] <= version <= self.versions[1]

    def is_nullable_in(self, version: int) -> bool:
        span = self.null_versions
        return span is not None and span[0] <= version <= span[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """One API: its key, name, the versions that the table holds, and the first flexible one."""

    key: int
    name: str
    version_min: int
    version_max: int
    flexible_from: int
    text: str

    def has(self, version: int) -> bool:
        return self.version_min <= version <= self.version_max

    def is_flexible(self, version: int) -> bool:
        return version >= self.flexible_from


def _read_apis() -> dict[int, Api]:
    apis: dict[int, Api] = {}
    for source in _SOURCES:
        for block in source.strip().split("\n\n"):
            head, _, text = block.partition("\n")
            match = _HEAD.fullmatch(head)
            assert match is not None, f"not a message head: {head}"
            key, name, low, high, flexible = match.groups()
            assert int(key) not in apis, f"api {key} is written twice"
            apis[int(key)] = Api(
                key=int(key),
                name=name,
                version_min=int(low),
                version_max=int(high),
                flexible_from=NEVER if flexible == "never" else int(flexible),
                text=text,
            )
    return apis


APIS: Final[dict[int, Api]] = _read_apis()


@cache
def request_fields(api_key: int) -> tuple[Field, ...]:
    """Return the fields of a request over all versions, in wire order."""
    return _Reader(APIS[api_key], ">").read()


@cache
def response_fields(api_key: int) -> tuple[Field, ...]:
    """Return the fields of a response over all versions, in wire order."""
    return _Reader(APIS[api_key], "<").read()


def _span(text: str | None, within: tuple[int, int]) -> tuple[int, int]:
    if not text:
        return within
    low, _, high = text.rstrip("+").partition("-")
    return int(low), within[1] if text.endswith("+") else int(high or low)


def _default(text: str | None, kind: str) -> Default:
    if text is None:
        return None
    if kind == "bool":
        return {"true": True, "false": False}[text]
    if kind == "str":
        return text.strip('"')
    return int(text)


class _Reader:
    """Reads one side of one message; any slip in the table is an assertion at first use."""

    def __init__(self, api: Api, side: str) -> None:
        self._versions = (api.version_min, api.version_max)
        self._tokens = self._side_tokens(api.text, side)
        self._at = 0

    @staticmethod
    def _side_tokens(text: str, side: str) -> list[str]:
        request, _, response = text.removeprefix(">").partition("\n<")
        return (request if side == ">" else response).split()

    def read(self) -> tuple[Field, ...]:
        fields = self._fields(self._versions)
        assert self._at == len(self._tokens), f"unread: {self._tokens[self._at :]}"
        return fields

    def _fields(self, within: tuple[int, int]) -> tuple[Field, ...]:
        fields: list[Field] = []
        while self._at < len(self._tokens) and self._tokens[self._at][0] not in "]}":
            fields.append(self._field(within))
        names = [field.name for field in fields]
        assert len(set(names)) == len(names), f"a name is written twice: {names}"
        return tuple(fields)

    def _field(self, within: tuple[int, int]) -> Field:
        token = self._tokens[self._at]
        self._at += 1
        name, colon, kind = token.partition(":")
        assert colon, f"no type: {token}"
        assert _NAME.fullmatch(name), f"not a name: {name}"
        if kind in {"[", "{"}:
            return self._struct(name, kind == "[", within)
        match = re.match(r"\[\w+\]|\w+", kind)
        assert match is not None, f"not a type: {token}"
        return self._build(name, match[0], kind[match.end() :], (), within)

    def _struct(self, name: str, is_array: bool, within: tuple[int, int]) -> Field:
        # The versions are written behind the closing bracket: children are read with the parent's
        # span and clipped by the generator, which never descends into an absent struct.
        fields = self._fields(within)
        closing = self._tokens[self._at]
        self._at += 1
        assert closing[0] == ("]" if is_array else "}"), f"not closed: {name}"
        return self._build(name, "[struct]" if is_array else "struct", closing[1:], fields, within)

    @staticmethod
    def _build(
        name: str, kind: str, suffix: str, fields: tuple[Field, ...], within: tuple[int, int]
    ) -> Field:
        match = _SUFFIX.fullmatch(suffix)
        assert match is not None, f"not a suffix: {name} {suffix}"
        bare = kind.strip("[]")
        assert kind != "[uuid]", "no message has one yet, and struct cannot repeat them"
        assert bare in PRIMITIVES or bare == "struct", f"not a type: {kind}"
        versions = _span(match["versions"], within)
        nullable = match["null"] is not None
        return Field(
            name=name,
            kind=bare,
            is_array=kind != bare,
            fields=fields,
            versions=versions,
            null_versions=_span(match["null_versions"], versions) if nullable else None,
            default=_default(match["default"], bare),
            is_required=not nullable and match["default"] is None and match["tag"] is None,
            tag=int(match["tag"]) if match["tag"] else None,
        )
