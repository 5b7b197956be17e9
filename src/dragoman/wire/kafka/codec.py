"""Any message of any version that the table holds, to and from a dict.

Functions are made at their first use and kept, one per (side, API, version). Requests are decoded
and responses encoded by a broker; the other two directions serve clients, tests and benchmarks.
Lists of structs are lists of dicts, uuids are 16 bytes, times are milliseconds as on the wire.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.generate_decode import make_decoder
from dragoman.wire.kafka.generate_encode import make_encoder
from dragoman.wire.kafka.schema import APIS, Field, request_fields, response_fields

Decoder = Callable[[bytes, int, int], dict[str, Any]]
Encoder = Callable[[dict[str, Any], Callable[[bytes], None]], None]

_FIELDS: Final = {"request": request_fields, "response": response_fields}


def decode_request(
    api_key: int, version: int, buf: bytes, pos: int = 0, end: int = -1
) -> dict[str, Any]:
    """Read a request's body from `buf[pos:end]`; bytes behind it are ignored.

    Raises:
        KafkaCodecError: the bytes are malformed, or the table has no such version.
    """
    return _decoder("request", api_key, version)(buf, pos, len(buf) if end < 0 else end)


def decode_response(
    api_key: int, version: int, buf: bytes, pos: int = 0, end: int = -1
) -> dict[str, Any]:
    """Read a response's body from `buf[pos:end]`; raises as `decode_request` does."""
    return _decoder("response", api_key, version)(buf, pos, len(buf) if end < 0 else end)


def encode_request(api_key: int, version: int, message: dict[str, Any]) -> bytes:
    """Write a request's body.

    Raises:
        KafkaCodecError: a value does not fit its field, or the table has no such version.
        KeyError: a field that has no default is missing from `message`.
    """
    return b"".join(_chunks("request", api_key, version, message))


def encode_response(api_key: int, version: int, message: dict[str, Any]) -> bytes:
    """Write a response's body; raises as `encode_request` does."""
    return b"".join(_chunks("response", api_key, version, message))


def encode_response_frame(
    api_key: int, version: int, correlation_id: int, message: dict[str, Any]
) -> bytes:
    """Write a whole response: length, header, body; raises as `encode_request` does."""
    head = response_header(api_key, version, correlation_id)
    body = encode_response(api_key, version, message)
    return (len(head) + len(body)).to_bytes(4) + head + body


def numbered(frame: bytes, correlation_id: int) -> list[bytes | memoryview]:
    """A response that was written before, as the answer to another request: in pieces, without a copy of its body."""
    return [frame[:4] + correlation_id.to_bytes(4, signed=True), memoryview(frame)[8:]]


def response_header(api_key: int, version: int, correlation_id: int) -> bytes:
    """Write a response's header: v0, or v1 where the version is flexible.

    ApiVersions answers with v0 always, since its client cannot know what the broker speaks.
    """
    head = correlation_id.to_bytes(4, signed=True)
    return head + b"\0" if api_key != API_VERSIONS and _api(api_key, version) else head


API_VERSIONS: Final = 18


def _api(api_key: int, version: int) -> bool:
    """Return whether the version is flexible; raise when the table lacks it."""
    api = APIS.get(api_key)
    if api is None or not api.has(version):
        raise KafkaCodecError(f"no version {version} of API {api_key}")
    return api.is_flexible(version)


def _chunks(side: str, api_key: int, version: int, message: dict[str, Any]) -> list[bytes]:
    chunks: list[bytes] = []
    _encoder(side, api_key, version)(message, chunks.append)
    return chunks


def _layout(side: str, api_key: int, version: int) -> tuple[str, tuple[Field, ...], bool]:
    is_flexible = _api(api_key, version)
    name = f"{APIS[api_key].name} {side} v{version}"
    return name, _FIELDS[side](api_key), is_flexible


@cache
def _decoder(side: str, api_key: int, version: int) -> Decoder:
    name, fields, is_flexible = _layout(side, api_key, version)
    return make_decoder(name, fields, version, is_flexible=is_flexible)


@cache
def _encoder(side: str, api_key: int, version: int) -> Encoder:
    name, fields, is_flexible = _layout(side, api_key, version)
    return make_encoder(name, fields, version, is_flexible=is_flexible)
