"""A message's body as the `data` of an event in JSON, and back; and the few JSON values that both event formats share.

    content type                    body                       member
    JSON, or none                   JSON                       data: as it stands, byte for byte
    text (text/*, XML, YAML, form)  UTF-8                      data: a string
    any other; what does not fit    any                        data_base64: a string
    -                               none (a tombstone)         none

CloudEvents says the same of its `data` (JSON event format 1.0.2, section 3.1), so its own events come back exactly.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from dragoman.formats.errors import FormatError

JsonMembers = Mapping[str, msgspec.Raw]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STRING: Final = msgspec.json.Decoder(str)
_TIME: Final = msgspec.json.Decoder(datetime)
_ENCODER: Final = msgspec.json.Encoder()
_TEXT_TYPES: Final = frozenset(
    ("application/xml", "application/yaml", "application/x-www-form-urlencoded")
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)
_REFUSALS: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
MEMBER: Final = "data"
BASE64_MEMBER: Final = "data_base64"


def read_members(entry: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, unread; of duplicates the last. Raises FormatError."""
    try:
        return _OBJECT.decode(entry)
    except _REFUSALS as error:
        raise FormatError(f"not a JSON object: {error}") from error


def read_text(raw: msgspec.Raw) -> str:
    """A string. Raises FormatError."""
    try:
        return _STRING.decode(raw)
    except _REFUSALS as error:
        raise FormatError(f"not a string: {error}") from error


def read_value(raw: msgspec.Raw) -> Any:
    """Any JSON value. Raises FormatError."""
    try:
        return msgspec.json.decode(raw)
    except _REFUSALS as error:
        raise FormatError(f"not JSON: {error}") from error


def read_time_ms(raw: msgspec.Raw | bytes) -> int:
    """Wall time in ms of a string as RFC 3339 has it; UTC where it names no zone. Raises FormatError."""
    try:
        moment = _TIME.decode(raw)
    except _REFUSALS as error:
        raise FormatError(f"not a time: {error}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MS


def write_json(value: Any) -> bytes:
    """Compact JSON. Lone surrogates, which UTF-8 has not, become question marks."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _ENCODER.encode(_without_surrogates(value))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {
            _without_surrogates(name): _without_surrogates(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


def is_json_type(content_type: str | None) -> bool:
    """Whether the content type says JSON. None does: it is what `data` is unless somebody says otherwise."""
    if content_type is None:
        return True
    media = content_type.partition(";")[0].strip().lower()
    return media.endswith(("/json", "+json"))


def is_text_type(content_type: str) -> bool:
    """Whether the content type says text, as far as a reader of JSON would want to see it."""
    media = content_type.partition(";")[0].strip().lower()
    return media.startswith("text/") or media.endswith("+xml") or media in _TEXT_TYPES


def is_text(body: bytes) -> bool:
    """Whether the bytes are UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_json(body: bytes) -> bool:
    """Whether the bytes are one JSON value in UTF-8, such as every reader can read."""
    try:
        msgspec.json.decode(body)
    except _REFUSALS:
        return False
    return is_text(body)


def write_data(body: bytes | None, content_type: str | None) -> dict[str, Any]:
    """The member that holds the body; none where there is no body."""
    if body is None:
        return {}
    if is_json_type(content_type):
        if is_json(body):
            return {MEMBER: msgspec.Raw(body)}
    elif is_text_type(content_type or "") and is_text(body):
        return {MEMBER: body.decode()}
    return {BASE64_MEMBER: b64encode(body).decode()}


def read_data(members: JsonMembers, content_type: str | None) -> bytes | None:
    """The body that `data` or `data_base64` holds; None where there is neither. Raises FormatError."""
    encoded = members.get(BASE64_MEMBER)
    if encoded is not None:
        return read_base64(encoded)
    raw = members.get(MEMBER)
    if raw is None:
        return None
    data = bytes(raw)
    if is_json_type(content_type) or not data.startswith(b'"'):
        return data
    return read_text(raw).encode()


def read_base64(raw: msgspec.Raw) -> bytes:
    """The bytes of a string in base64. Raises FormatError."""
    try:
        return b64decode(read_text(raw), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("not base64") from error
