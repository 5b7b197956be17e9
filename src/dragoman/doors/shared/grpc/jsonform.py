"""Requests as Google's REST services take them, responses and errors as they give them (google.api.http).

    path, query    fields by their names (or as JSON spells them), `a.b` within a message, repeated ones repeated
    body           nothing, one field, or all that is not in the path
    error          {"error": {"code": 404, "message": ..., "status": "NOT_FOUND", "details": [...]}}

What is wrong with a request is a Status, INVALID_ARGUMENT.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from dragoman.doors.shared.grpc.status import Status
from dragoman.doors.shared.rest.call import JSON, Response
from dragoman.wire.grpc.codes import HTTP, INVALID_ARGUMENT, NAMES, UNKNOWN
from dragoman.wire.protobuf.known import Status as RpcStatus
from dragoman.wire.protobuf.known import encode_status
from dragoman.wire.protobuf.pool import POOL

FIELDS_MAX: Final = 256  # of one query
SYSTEM: Final = frozenset(
    [
        "$.xgafv",
        "$alt",
        "$prettyPrint",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
    ]
)
"""Parameters of every method, which are no fields."""
_TRUE: Final = {"true": True, "false": False, "1": True, "0": False}


class Asked:
    """A query: fields, and how the answer is to be spelled. Raises Status."""

    def __init__(self, query: str) -> None:
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except ValueError:
            raise Status(INVALID_ARGUMENT, "too many query parameters") from None
        self.fields: dict[str, list[str]] = {}
        self.has_numbers = False  # for enums, in the answer
        for name, value in pairs:
            if name in SYSTEM:
                self._spell(name, value)
            else:
                self.fields.setdefault(name, []).append(value)

    def _spell(self, name: str, value: str) -> None:
        if name in {"alt", "$alt"}:
            form, _, options = value.partition(";")
            if form != "json":
                raise Status(INVALID_ARGUMENT, f"answers are JSON, not {form}")
            self.has_numbers = options == "enum-encoding=int"


def read_body(message: Any, body: bytes, field: str) -> None:
    """What a rule's body is: a field, `*` the message, empty nothing. Raises Status."""
    if not field:
        return
    try:
        value = msgspec.json.decode(body) if body.strip() else {}
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Status(INVALID_ARGUMENT, f"Invalid JSON payload received. {error}") from None
    if not isinstance(value, dict):
        raise Status(INVALID_ARGUMENT, "Invalid JSON payload received. Expected an object.")
    _parse(value if field == "*" else {field: value}, message)


def set_field(message: Any, path: str, values: Sequence[str]) -> None:
    """A field by its path, of a query or a template. Raises Status."""
    *outer, last = path.split(".")
    for name in outer:
        field = _field(message, name, path)
        if field.message_type is None or field.is_repeated:
            raise _unknown(path)
        message = getattr(message, field.name)
        message.SetInParent()
    field = _field(message, last, path)
    found: list[Any] = list(values)
    if field.type == field.TYPE_BOOL:
        found = [_TRUE.get(value.lower(), value) for value in values]
    _parse({last: found if field.is_repeated else found[-1]}, message)


def _field(message: Any, name: str, path: str) -> Any:
    fields = message.DESCRIPTOR
    field = fields.fields_by_name.get(name) or fields.fields_by_camelcase_name.get(name)
    if field is None:
        raise _unknown(path)
    return field


def _unknown(path: str) -> Status:
    text = f'Invalid JSON payload received. Unknown name "{path}": Cannot bind query parameter.'
    return Status(INVALID_ARGUMENT, text)


def _parse(value: Mapping[str, Any], message: Any) -> None:
    try:
        ParseDict(dict(value), message, descriptor_pool=POOL)
    except (ParseError, RecursionError) as error:
        raise Status(INVALID_ARGUMENT, f"Invalid JSON payload received. {error}") from None


def write_message(message: Any, *, has_numbers: bool) -> bytes:
    """As JSON; fields that are as they are by default are left out."""
    document = MessageToDict(message, use_integers_for_enums=has_numbers, descriptor_pool=POOL)
    return msgspec.json.encode(document)


def error_response(status: Status) -> Response:
    """A refusal in Google's form."""
    code = status.code if 0 < status.code < len(NAMES) else UNKNOWN
    packed = RpcStatus.FromString(encode_status(code, status.message, status.details))
    details = MessageToDict(packed, descriptor_pool=POOL).get("details", [])
    error = {"code": HTTP[code], "message": status.message, "status": NAMES[code]}
    if details:
        error["details"] = details
    return Response(HTTP[code], msgspec.json.encode({"error": error}), (JSON,))
