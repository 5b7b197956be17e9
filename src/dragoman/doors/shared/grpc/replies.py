"""Answers as header blocks; those of most calls are constants. Hot.

HEAD_BLOCK  content  OK_BLOCK           a response
HEAD_BLOCK  content  status_block       an error behind some responses
refusal_block                           an error alone ("Trailers-Only")
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.grpc.call import Message, RawHeader
from dragoman.doors.shared.grpc.status import Status
from dragoman.wire.grpc.codes import OK
from dragoman.wire.grpc.messages import GZIP
from dragoman.wire.grpc.metadata import CONTENT_TYPE, encode_binary, encode_text
from dragoman.wire.http2.compression import encode_block
from dragoman.wire.protobuf.known import encode_status

_HEAD: Final = [(b":status", b"200"), (b"content-type", CONTENT_TYPE)]
HEAD_BLOCK: Final = encode_block(_HEAD)
PACKED_HEAD_BLOCK: Final = encode_block([*_HEAD, (b"grpc-encoding", GZIP)])
OK_BLOCK: Final = encode_block([(b"grpc-status", b"0")])
FIELD_BYTES: Final = 32  # counted for each, beside name and value (RFC 7541, section 4.1)
DETAILS_FIELD_BYTES: Final = 256  # the name of the details, and the head's fields
TEXT_MAX: Final = 1_000  # characters of a message; clients take 8 KiB of headers as a rule


def body_of(message: Message | bytes) -> bytes:
    """A message as bytes."""
    return message if type(message) is bytes else message.SerializeToString()  # type: ignore[union-attr]


def ok_block(trailers: Sequence[RawHeader]) -> bytes:
    """Trailers of a call that went well."""
    if not trailers:
        return OK_BLOCK
    return encode_block([(b"grpc-status", b"0"), *_spelled(trailers)])


def status_block(status: Status, bytes_max: int) -> bytes:
    """Trailers that tell a status; details that would make them longer than the client takes are left out."""
    return encode_block(_fields(status, bytes_max))


def refusal_block(status: Status, bytes_max: int) -> bytes:
    """Head and trailers in one."""
    return encode_block([*_HEAD, *_fields(status, bytes_max)])


def _fields(status: Status, bytes_max: int) -> list[RawHeader]:
    fields = [(b"grpc-status", b"%d" % status.code)]
    if status.code != OK and status.message:
        fields.append((b"grpc-message", encode_text(status.message[:TEXT_MAX])))
    fields += _spelled(status.trailers)
    if status.details:
        details = encode_binary(encode_status(status.code, status.message, status.details))
        known = sum(len(name) + len(value) + FIELD_BYTES for name, value in fields)
        if known + len(details) + DETAILS_FIELD_BYTES <= bytes_max:
            fields.append((b"grpc-status-details-bin", details))
    return fields


def _spelled(trailers: Sequence[RawHeader]) -> list[RawHeader]:
    return [
        (name, encode_binary(value) if name.endswith(b"-bin") else value)
        for name, value in trailers
    ]
