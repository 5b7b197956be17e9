"""The codecs of record batches, with a bound on what compressed bytes may become.

    1 gzip      RFC 1952, one member or several
    2 snappy    raw blocks (librdkafka) or xerial's chunks (Java): both are read, chunks are written
    3 lz4       frames; written with independent blocks, since Java reads no others
    4 zstd      frames, often without their content's size

gzip is the standard library's; cramjam does the rest and is imported when first needed.
"""

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode

NONE: Final = 0
GZIP: Final = 1
SNAPPY: Final = 2
LZ4: Final = 3
ZSTD: Final = 4

DECOMPRESSED_BYTES_MAX: Final = 128 * 1024 * 1024
DECOMPRESSED_RATIO_MAX: Final = 500  # twice what lz4 and half of what deflate can reach
DECOMPRESSED_BYTES_FREE: Final = 4 * 1024 * 1024  # up to here no ratio is asked: repeats are usual

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS  # zlib's way to say "with the gzip head"
_XERIAL_MAGIC: Final = b"\x82SNAPPY\x00"
_XERIAL_HEAD: Final = _XERIAL_MAGIC + b"\0\0\0\1\0\0\0\1"  # version 1, readable from version 1 on
_XERIAL_CHUNK_BYTES: Final = 32 * 1024
# Magic; version 1 with independent blocks; blocks up to 64 KiB; the checksum of these two bytes.
_LZ4_HEAD: Final = bytes.fromhex("04224d18 60 40 82")
_LZ4_BLOCK_BYTES: Final = 64 * 1024
_LZ4_STORED: Final = 1 << 31
_GROWTH: Final = 4
_GUESS_BYTES_MIN: Final = 64 * 1024


def decompress(codec: int, data: bytes, output_bytes_max: int = DECOMPRESSED_BYTES_MAX) -> bytes:
    """Return what `data` holds.

    Raises:
        BatchRefusedError: INVALID_RECORD when it is damaged, or would become longer than
            `output_bytes_max` or out of proportion; UNSUPPORTED_COMPRESSION_TYPE for no such codec.
    """
    if codec == NONE:
        return data
    read = _READERS.get(codec)
    if read is None:
        raise BatchRefusedError(
            ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, f"there is no compression {codec}"
        )
    by_ratio = max(DECOMPRESSED_BYTES_FREE, DECOMPRESSED_RATIO_MAX * len(data))
    return read(data, min(output_bytes_max, by_ratio))


def compress(codec: int, data: bytes) -> bytes:
    """Return `data` compressed by one of the codecs."""
    return _WRITERS[codec](data)


def _refused(why: str) -> BatchRefusedError:
    return BatchRefusedError(ErrorCode.INVALID_RECORD, why)


def _module(name: str) -> Any:
    return getattr(import_module("cramjam"), name)


def _error() -> type[Exception]:
    error: type[Exception] = import_module("cramjam").DecompressionError
    return error


# -- gzip


def _read_gzip(data: bytes, limit: int) -> bytes:
    chunks: list[bytes] = []
    left = limit
    while data:
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            chunk = member.decompress(data, left + 1)
        except zlib.error as error:
            raise _refused("damaged gzip data") from error
        if len(chunk) > left:
            raise _refused(f"gzip data that becomes more than {limit} bytes")
        if not member.eof:
            raise _refused("gzip data that is cut short")
        chunks.append(chunk)
        left -= len(chunk)
        data = member.unused_data
    return b"".join(chunks)


def _write_gzip(data: bytes) -> bytes:
    writer = zlib.compressobj(wbits=_GZIP_WINDOW)
    return writer.compress(data) + writer.flush()


# -- snappy


def _read_snappy(data: bytes, limit: int) -> bytes:
    if not data.startswith(_XERIAL_MAGIC):
        return _read_snappy_block(data, limit)
    chunks: list[bytes] = []
    pos = len(_XERIAL_HEAD)
    while pos < len(data):
        size = int.from_bytes(data[pos : pos + 4])
        pos += 4
        if size > len(data) - pos:
            raise _refused("snappy data that is cut short")
        chunk = _read_snappy_block(data[pos : pos + size], limit)
        limit -= len(chunk)
        chunks.append(chunk)
        pos += size
    return b"".join(chunks)


def _read_snappy_block(data: bytes, limit: int) -> bytes:
    snappy = _module("snappy")
    try:
        if snappy.decompress_raw_len(data) > limit:
            raise _refused("snappy data that becomes too long")
        return bytes(snappy.decompress_raw(data))
    except _error() as error:
        raise _refused("damaged snappy data") from error


def _write_snappy(data: bytes) -> bytes:
    snappy = _module("snappy")
    chunks = [_XERIAL_HEAD]
    for pos in range(0, len(data), _XERIAL_CHUNK_BYTES):
        chunk = bytes(snappy.compress_raw(data[pos : pos + _XERIAL_CHUNK_BYTES]))
        chunks += (len(chunk).to_bytes(4), chunk)
    return b"".join(chunks)


# -- lz4 and zstd


def _read_frames(name: str, data: bytes, limit: int) -> bytes:
    """Decompress into ever larger buffers: neither format must say how long its content is."""
    module, error_class = _module(name), _error()
    size = min(limit, max(_GUESS_BYTES_MIN, _GROWTH * len(data)))
    while True:
        output = bytearray(size)
        try:
            length = module.decompress_into(data, output)
        except error_class as error:  # damaged, or longer than the buffer: it does not say which
            if size >= limit:
                raise _refused(f"{name} data that is damaged or too long") from error
            size = min(limit, size * _GROWTH)
        else:
            return bytes(memoryview(output)[:length])


def _read_lz4(data: bytes, limit: int) -> bytes:
    return _read_frames("lz4", data, limit)


def _read_zstd(data: bytes, limit: int) -> bytes:
    return _read_frames("zstd", data, limit)


def _write_lz4(data: bytes) -> bytes:
    lz4 = _module("lz4")
    chunks = [_LZ4_HEAD]
    for pos in range(0, len(data), _LZ4_BLOCK_BYTES):
        block = data[pos : pos + _LZ4_BLOCK_BYTES]
        packed = bytes(lz4.compress_block(block, store_size=False))
        if len(packed) < len(block):
            chunks += (len(packed).to_bytes(4, "little"), packed)
        else:
            chunks += ((len(block) | _LZ4_STORED).to_bytes(4, "little"), block)
    chunks.append(bytes(4))
    return b"".join(chunks)


def _write_zstd(data: bytes) -> bytes:
    return bytes(_module("zstd").compress(data))


def _keep(data: bytes) -> bytes:
    return data


_READERS: Final[dict[int, Callable[[bytes, int], bytes]]] = {
    GZIP: _read_gzip,
    SNAPPY: _read_snappy,
    LZ4: _read_lz4,
    ZSTD: _read_zstd,
}
_WRITERS: Final[dict[int, Callable[[bytes], bytes]]] = {
    NONE: _keep,
    GZIP: _write_gzip,
    SNAPPY: _write_snappy,
    LZ4: _write_lz4,
    ZSTD: _write_zstd,
}
