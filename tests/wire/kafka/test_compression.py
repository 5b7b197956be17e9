"""Codecs there and back, bombs, and damage."""

import random
import zlib

import cramjam
import pytest

from dragoman.wire.kafka import compression as c
from dragoman.wire.kafka.errors import BatchRefusedError, ErrorCode

CODECS = (c.GZIP, c.SNAPPY, c.LZ4, c.ZSTD)
every_codec = pytest.mark.parametrize("codec", CODECS)


@every_codec
@pytest.mark.parametrize("size", [0, 1, 1000, 70_000, 1_000_000])
def test_what_is_compressed_comes_back(codec: int, size: int) -> None:
    data = random.Random(1).randbytes(min(size, 40_000)) + bytes(max(0, size - 40_000))
    assert c.decompress(codec, c.compress(codec, data)) == data


@every_codec
def test_a_bomb_is_refused_before_it_fills_the_memory(codec: int) -> None:
    bomb = c.compress(codec, bytes(20_000_000))
    with pytest.raises(BatchRefusedError) as refused:
        c.decompress(codec, bomb, 1_000_000)
    assert refused.value.error_code is ErrorCode.INVALID_RECORD


def test_a_bomb_out_of_proportion_is_refused_below_the_limit() -> None:
    bomb = c.compress(c.ZSTD, bytes(50_000_000))
    with pytest.raises(BatchRefusedError):
        c.decompress(c.ZSTD, bomb)


@every_codec
def test_output_up_to_the_limit_is_given(codec: int) -> None:
    data = bytes(200_000)
    assert c.decompress(codec, c.compress(codec, data), len(data)) == data
    with pytest.raises(BatchRefusedError):
        c.decompress(codec, c.compress(codec, data), len(data) - 1)


@every_codec
def test_damaged_and_cut_data_is_refused_or_read_and_nothing_else(codec: int) -> None:
    chance, packed = random.Random(codec), c.compress(codec, b"some text of no great length" * 40)
    for _ in range(200):
        damaged = bytearray(packed)
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        for data in (bytes(damaged), packed[: chance.randrange(1, len(packed))]):
            try:
                c.decompress(codec, data, 10_000)
            except BatchRefusedError:
                continue


def test_a_snappy_length_that_lies_is_not_allocated() -> None:
    with pytest.raises(BatchRefusedError):
        c.decompress(c.SNAPPY, b"\xff\xff\xff\xff\x0f" + bytes(9))


def test_raw_snappy_blocks_are_read() -> None:
    raw = bytes(cramjam.snappy.compress_raw(b"from librdkafka" * 9))
    assert c.decompress(c.SNAPPY, raw) == b"from librdkafka" * 9


def test_gzip_of_several_members_is_read() -> None:
    assert c.decompress(c.GZIP, c.compress(c.GZIP, b"a") + c.compress(c.GZIP, b"b")) == b"ab"


def test_lz4_blocks_are_independent_as_java_demands() -> None:
    packed = c.compress(c.LZ4, bytes(200_000))
    assert packed[4] & 0x20
    assert bytes(cramjam.lz4.decompress(packed)) == bytes(200_000)


def test_gzip_is_what_the_standard_library_reads() -> None:
    assert zlib.decompress(c.compress(c.GZIP, b"text"), wbits=31) == b"text"


def test_no_codec_keeps_the_bytes() -> None:
    assert c.decompress(c.NONE, b"as is") == b"as is"
    assert c.compress(c.NONE, b"as is") == b"as is"


def test_an_unknown_codec_is_refused_by_its_own_code() -> None:
    with pytest.raises(BatchRefusedError) as refused:
        c.decompress(5, b"")
    assert refused.value.error_code is ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
