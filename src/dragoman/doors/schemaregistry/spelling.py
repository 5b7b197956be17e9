"""What requests say and answers show, in the registry's own JSON."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from dragoman.doors.schemaregistry.errors import INVALID_SCHEMA, INVALID_VERSION, Refused
from dragoman.doors.shared.rest.call import Call
from dragoman.kernel.api import SchemaInfo, SchemaReference
from dragoman.ports.schemas import SchemaKind

KINDS: Final[Mapping[str, SchemaKind]] = {"AVRO": "avro", "JSON": "json", "PROTOBUF": "protobuf"}
TYPES: Final = {kind: name for name, kind in KINDS.items()}
VERSION_MAX: Final = (1 << 31) - 1
LATEST_WORDS: Final = ("latest", "-1")


class Reference(msgspec.Struct):
    """Another schema that one refers to, and by which name."""

    name: str
    subject: str
    version: int


class Schema(msgspec.Struct, rename="camel"):
    """A schema as requests bring it."""

    schema: str = ""
    schema_type: str = "AVRO"
    references: list[Reference] = msgspec.field(default_factory=list)

    @property
    def kind(self) -> SchemaKind:
        """Raises Refused."""
        if self.schema_type not in KINDS:
            raise Refused(INVALID_SCHEMA, f"Invalid schema type {self.schema_type:.80}")
        if not self.schema:
            raise Refused(INVALID_SCHEMA, "Empty schema")
        return KINDS[self.schema_type]

    @property
    def refers(self) -> tuple[SchemaReference, ...]:
        """As the kernel has it."""
        return tuple(
            SchemaReference(each.name, each.subject, each.version) for each in self.references
        )


_SCHEMA: Final = msgspec.json.Decoder(Schema)


def schema_in(call: Call) -> Schema:
    """Raises msgspec.ValidationError, msgspec.DecodeError."""
    return _SCHEMA.decode(call.request.body)


def flag(call: Call, name: str) -> bool:
    """Of the query; false unless it is true."""
    return asked(call, name).lower() == "true"


def asked(call: Call, name: str) -> str:
    """The last of this name in the query; empty where there is none."""
    found = parse_qs(call.request.query.decode("utf-8", "replace")).get(name)
    return found[-1] if found else ""


def page(call: Call, items: list[Any]) -> list[Any]:
    """As `offset` and `limit` of the query say. Raises Refused."""
    try:
        offset, limit = int(asked(call, "offset") or 0), int(asked(call, "limit") or -1)
    except ValueError:
        raise Refused(422, "offset and limit are numbers") from None
    return items[max(offset, 0) :][: limit if limit >= 0 else None]


def version_in(call: Call) -> int:
    """Of the path; 0 for the latest. Raises Refused."""
    said = call.parameters["version"]
    if said in LATEST_WORDS:
        return 0
    if not said.isascii() or not said.isdecimal() or not 0 < int(said) <= VERSION_MAX:
        raise Refused(
            INVALID_VERSION,
            f"The specified version '{said:.80}' is not a valid version id. Allowed values are between [1, 2^31-1] and"
            ' the string "latest"',
        )
    return int(said)


def told(info: SchemaInfo) -> dict[str, Any]:
    """A version of a subject."""
    return {"subject": info.subject, "version": info.version, "id": info.id} | plain(info)


def plain(info: SchemaInfo) -> dict[str, Any]:
    """What the schema itself says; an Avro schema does not say that it is one."""
    found: dict[str, Any] = {"schema": info.text}
    if info.kind != "avro":
        found["schemaType"] = TYPES[info.kind]
    if info.references:
        found["references"] = [msgspec.to_builtins(each) for each in info.references]
    return found
