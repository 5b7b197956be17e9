"""Records to the payload of a journal frame, and back.

    u32 length | msgpack list of records | bodies, one behind the other

Bodies stand outside of the msgpack, which holds their sizes in their place: a batch of a megabyte is then handed to the
journal as the object it came in as, copied by nobody on the turn thread. Small ones are joined, which is cheaper.
"""

from functools import reduce
from operator import or_
from typing import Any, Final, get_args

import msgspec
from msgspec.structs import astuple, fields

from dragoman.kernel.records import AnyRecord, Published, Record

JOIN_BYTES_MAX: Final = 16_384  # a record whose bodies are larger in all is not joined
_BODIES: Final = 2  # the place of `bodies` among Published's fields
_LENGTH_BYTES: Final = 4


def _stored_form() -> Any:
    """Published as it is written: sizes where the bodies were; every other field follows by itself."""
    described: list[Any] = []
    for at, field in enumerate(fields(Published)):
        if at == _BODIES:
            described.append(("sizes", list[int]))
        elif field.required:
            described.append((field.name, field.type))
        else:
            described.append((field.name, field.type, field.default))
    return msgspec.defstruct(
        "StoredPublished", described, frozen=True, array_like=True, tag=1, gc=False
    )


assert fields(Published)[_BODIES].name == "bodies"
_Stored: Final = _stored_form()
_kinds: Final = [_Stored if kind is Published else kind for kind in get_args(AnyRecord)]
_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[reduce(or_, _kinds)])  # type: ignore[misc]


def encode_frame(records: list[Record]) -> list[bytes]:
    """One frame's payload, in pieces."""
    pieces: list[bytes] = [b"", b""]
    written: list[Any] = []
    for record in records:
        if type(record) is not Published:
            written.append(record)
            continue
        values = astuple(record)
        bodies = record.bodies
        sizes = list(map(len, bodies))
        written.append(_Stored(*values[:_BODIES], sizes, *values[_BODIES + 1 :]))
        if sum(sizes) > JOIN_BYTES_MAX and len(bodies) < 16:
            pieces += bodies
        else:
            pieces.append(b"".join(bodies))
    pieces[1] = _encoder.encode(written)
    pieces[0] = len(pieces[1]).to_bytes(_LENGTH_BYTES, "little")
    return pieces


def encode(records: list[Record]) -> bytes:
    """One frame's payload, whole."""
    return b"".join(encode_frame(records))


def decode(payload: bytes) -> list[Record]:
    """The records of one frame. Raises msgspec.MsgspecError or ValueError when the bytes are not ours."""
    start = _LENGTH_BYTES + int.from_bytes(payload[:_LENGTH_BYTES], "little")
    at = start
    records: list[Record] = []
    for record in _decoder.decode(payload[_LENGTH_BYTES:start]):
        if type(record) is not _Stored:
            records.append(record)
            continue
        bodies: list[bytes] = []
        for size in record.sizes:
            bodies.append(payload[at : at + size])
            at += size
        values: list[Any] = [*astuple(record)]
        values[_BODIES] = bodies
        records.append(Published(*values))
    if at != len(payload):
        raise ValueError(f"bodies end at {at}, the frame at {len(payload)}")
    return records
