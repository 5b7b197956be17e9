"""The bytes of one frame. Hot: one encode per group commit, one decode per frame at recovery.

    0         4           6     8          16           24            32
    | "DRGJ"  | version   | 0   | log id   | position   | synced_to   | incarnation |
    36        40                     48    52
    | length  | digest before        | crc | payload ... |

Little-endian. `crc` is CRC32C of everything before it and of the payload. `digest before` is eight
bytes of blake2s over the header of the frame before (which holds that frame's crc), so a frame
vouches for its predecessor. `log id` is random per log: bytes that somebody published can never
pass for a frame, nor can a frame of another log. `synced_to` is the largest position known durable
when the frame was written: what lets a reader tell a torn tail from rot.

What the payload means is not known here.
"""

from collections.abc import Sequence
from hashlib import blake2s
from struct import Struct
from typing import Final, final

from google_crc32c import extend

MAGIC: Final = b"DRGJ"
VERSION: Final = 1
HEADER: Final = Struct("<4sHHQQQII8sI")
HEADER_BYTES: Final = 52
CRC_AT: Final = HEADER_BYTES - 4
CRC: Final = Struct("<I")

DIGEST_BYTES: Final = 8
DIGEST_NONE: Final = b"\0" * DIGEST_BYTES
"""The digest of the frame before the first."""

PAYLOAD_BYTES_MAX: Final = 1 << 30
"""A longer declared length is not a frame.

A group commit is bounded far below by the writer's own quota.
"""

JOIN_BYTES_MAX: Final = 16 * 1024
"""Up to this average size, joining buffers costs less than a vectored write of them (measured)."""

assert HEADER.size == HEADER_BYTES


@final
class Frame:
    """One frame as found in a file: valid in itself, its place in the chain not yet judged."""

    __slots__ = (
        "digest",
        "digest_before",
        "incarnation",
        "offset",
        "payload",
        "position",
        "size_bytes",
        "synced_to",
    )

    def __init__(
        self,
        offset: int,
        position: int,
        synced_to: int,
        incarnation: int,
        digest_before: bytes,
        digest: bytes,
        payload: bytes,
    ) -> None:
        self.offset = offset
        self.position = position
        self.synced_to = synced_to
        self.incarnation = incarnation
        self.digest_before = digest_before
        self.digest = digest
        self.payload = payload
        self.size_bytes = HEADER_BYTES + len(payload)


@final
class Encoded:
    """A frame ready to be written, and the digest that the next one carries."""

    __slots__ = ("buffers", "digest", "size_bytes")

    def __init__(self, buffers: list[bytes], digest: bytes, size_bytes: int) -> None:
        self.buffers = buffers
        self.digest = digest
        self.size_bytes = size_bytes


def digest_of(header: bytes) -> bytes:
    """What the next frame says about the frame with this header."""
    return blake2s(header, digest_size=DIGEST_BYTES).digest()


def encode(
    log_id: int,
    position: int,
    synced_to: int,
    incarnation: int,
    digest_before: bytes,
    buffers: Sequence[bytes],
) -> Encoded:
    """One frame around the join of `buffers`. Raises ValueError past PAYLOAD_BYTES_MAX."""
    assert 0 <= synced_to < position
    length: int = 0
    for buffer in buffers:
        length += len(buffer)
    if length > PAYLOAD_BYTES_MAX:
        raise ValueError(f"a frame of {length} bytes; at most {PAYLOAD_BYTES_MAX}")
    payload: list[bytes] = (
        [b"".join(buffers)] if length <= JOIN_BYTES_MAX * len(buffers) else list(buffers)
    )
    head: bytes = HEADER.pack(
        MAGIC, VERSION, 0, log_id, position, synced_to, incarnation, length, digest_before, 0
    )[:CRC_AT]
    crc: int = extend(0, head)
    for buffer in payload:
        crc = extend(crc, buffer)
    header: bytes = head + CRC.pack(crc)
    size_bytes: int = HEADER_BYTES + length
    if size_bytes <= JOIN_BYTES_MAX:
        return Encoded([header + b"".join(payload)], digest_of(header), size_bytes)
    return Encoded([header, *payload], digest_of(header), size_bytes)


@final
class Header:
    """What a header of ours claims; its checksum is not compared yet."""

    __slots__ = ("crc", "digest_before", "head", "incarnation", "length", "position", "synced_to")

    def __init__(
        self,
        head: bytes,
        position: int,
        synced_to: int,
        incarnation: int,
        length: int,
        digest_before: bytes,
        crc: int,
    ) -> None:
        self.head = head
        self.position = position
        self.synced_to = synced_to
        self.incarnation = incarnation
        self.length = length
        self.digest_before = digest_before
        self.crc = crc


def decode_header(header: bytes, log_id: int) -> Header | None:
    """What `header` claims, or None where no frame of this log begins."""
    if len(header) < HEADER_BYTES or header[:4] != MAGIC:
        return None
    fields: tuple[bytes, int, int, int, int, int, int, int, bytes, int] = HEADER.unpack(header)
    _, version, _, frame_log_id, position, synced_to, incarnation, length, digest, crc = fields
    if version != VERSION or frame_log_id != log_id or length > PAYLOAD_BYTES_MAX:
        return None
    if synced_to >= position:
        return None
    return Header(header, position, synced_to, incarnation, length, digest, crc)


def verify(header: Header, payload: bytes, offset: int) -> Frame | None:
    """The frame of `header` and `payload`, or None where the checksum does not agree."""
    if len(payload) != header.length:
        return None
    if extend(extend(0, header.head[:CRC_AT]), payload) != header.crc:
        return None
    return Frame(
        offset,
        header.position,
        header.synced_to,
        header.incarnation,
        header.digest_before,
        digest_of(header.head),
        payload,
    )
