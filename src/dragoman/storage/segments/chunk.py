"""The bytes of a segment file.

    0        4         6    8                 16
    | "DRGS" | version | 0  | segment number  | chunk | chunk | ...

    chunk:  | length (4) | crc (4) | bytes |

Little-endian. `crc` is CRC32C of (segment number, address of the chunk, length) and of its bytes,
so that a chunk read from the wrong place is as wrong as one that changed. Addresses begin at 0
behind the file's header.
"""

from struct import Struct
from typing import Final

from google_crc32c import extend, value

from dragoman.ports.storage import CHUNK_HEADER_BYTES, Corrupt, VersionUnknown

MAGIC: Final = b"DRGS"
VERSION: Final = 1
FILE_HEADER: Final = Struct("<4sHHQ")
FILE_HEADER_BYTES: Final = 16
CHUNK_HEADER: Final = Struct("<II")
PLACE: Final = Struct("<QQI")

CHUNK_BYTES_MAX: Final = 1 << 30

assert FILE_HEADER.size == FILE_HEADER_BYTES
assert CHUNK_HEADER.size == CHUNK_HEADER_BYTES


def file_header(segment: int) -> bytes:
    """What the file of `segment` begins with."""
    return FILE_HEADER.pack(MAGIC, VERSION, 0, segment)


def check_file_header(segment: int, header: bytes) -> None:
    """Raises Corrupt or VersionUnknown unless `header` is that of `segment`."""
    if header == file_header(segment):
        return
    if len(header) == FILE_HEADER_BYTES and header[:4] == MAGIC:
        _, version, _, number = FILE_HEADER.unpack(header)
        if number == segment and version != VERSION:
            raise VersionUnknown(f"segment {segment} has version {version}; known is {VERSION}")
    raise Corrupt(f"segment {segment}: its file does not begin like a segment")


def encode_chunk(segment: int, start: int, body: bytes) -> bytes:
    """The header of the chunk of `body` at address `start`.

    Raises ValueError past CHUNK_BYTES_MAX.
    """
    if len(body) > CHUNK_BYTES_MAX:
        raise ValueError(f"a chunk of {len(body)} bytes; at most {CHUNK_BYTES_MAX}")
    return CHUNK_HEADER.pack(len(body), _checksum(segment, start, body))


def decode_chunk(segment: int, start: int, length: int, stored: bytes) -> bytes:
    """The body in `stored`, which was read at `start`. Raises Corrupt naming the range."""
    body = stored[CHUNK_HEADER_BYTES:]
    sound = len(body) == length and CHUNK_HEADER.unpack_from(stored) == (
        length,
        _checksum(segment, start, body),
    )
    if not sound:
        raise Corrupt(f"segment {segment}: no sound chunk of {length} bytes at address {start}")
    return body


def _checksum(segment: int, start: int, body: bytes) -> int:
    checksum: int = extend(value(PLACE.pack(segment, start, len(body))), body)
    return checksum
