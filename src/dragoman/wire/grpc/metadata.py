"""Values as headers spell them: deadlines, messages for people, bytes (gRPC over HTTP/2, "Requests", "Responses")."""

import re
from binascii import Error, a2b_base64, b2a_base64
from typing import Final

CONTENT_TYPE: Final = b"application/grpc"

_TIMEOUT: Final = re.compile(rb"([0-9]{1,8})([HMSmun])")
_UNITS_NS: Final = {
    b"H": 3_600_000_000_000,
    b"M": 60_000_000_000,
    b"S": 1_000_000_000,
    b"m": 1_000_000,
    b"u": 1_000,
    b"n": 1,
}
_NS_A_MS: Final = 1_000_000
_UNSAFE: Final = re.compile(rb"[^ -$&-~]")


def is_grpc(content_type: bytes) -> bool:
    """`application/grpc`, with or without a format or parameters behind it."""
    return content_type[:16] == CONTENT_TYPE and content_type[16:17] in (b"", b"+", b";")


def decode_timeout_ms(value: bytes) -> int | None:
    """grpc-timeout in milliseconds, rounded up; None for what is none."""
    match = _TIMEOUT.fullmatch(value)
    if match is None:
        return None
    return -(-int(match[1]) * _UNITS_NS[match[2]] // _NS_A_MS)


def encode_text(text: str) -> bytes:
    """grpc-message: percent-encoded UTF-8."""
    return _UNSAFE.sub(lambda match: b"%%%02X" % match[0][0], text.encode(errors="replace"))


def decode_binary(value: bytes) -> bytes:
    """The value of a name in `-bin`, padded or not; raises ValueError for what is not base64."""
    try:
        return a2b_base64(value + b"=" * (-len(value) % 4), strict_mode=True)
    except Error as error:
        raise ValueError(str(error)) from None


def encode_binary(value: bytes) -> bytes:
    """For a name in `-bin`, without padding, as other servers do."""
    return b2a_base64(value, newline=False).rstrip(b"=")
