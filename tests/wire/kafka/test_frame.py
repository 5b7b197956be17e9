"""Frames whole, a byte at a time and with a tail; request heads of each version."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.wire.kafka import frame
from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.frame import FrameBuffer, read_request_header, write_request_header


def framed(*bodies: bytes) -> bytes:
    return b"".join(len(body).to_bytes(4) + body for body in bodies)


def bodies_of(frames: list[frame.Frame]) -> list[bytes]:
    return [buf[start:end] for buf, start, end in frames]


def test_many_frames_of_one_read_share_its_buffer() -> None:
    data = framed(b"one", b"", b"three")
    frames = FrameBuffer().receive(data)
    assert bodies_of(frames) == [b"one", b"", b"three"]
    assert all(buf is data for buf, _, _ in frames)


def test_a_byte_at_a_time_gives_the_same_frames() -> None:
    buffer = FrameBuffer()
    found = [
        body
        for byte in framed(b"one", b"", b"x" * 300)
        for body in bodies_of(buffer.receive(bytes((byte,))))
    ]
    assert found == [b"one", b"", b"x" * 300]
    assert buffer.is_idle


@given(
    bodies=st.lists(st.binary(max_size=40), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_wherever_the_reads_end_the_frames_are_the_same(
    bodies: list[bytes], cuts: list[int]
) -> None:
    data, buffer = framed(*bodies), FrameBuffer()
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    found = []
    for start, end in pairwise(edges):
        found += bodies_of(buffer.receive(data[start:end]))
    assert found == bodies
    assert buffer.is_idle


def test_a_large_frame_in_many_reads_is_joined_once() -> None:
    body = bytes(range(256)) * 4096
    data, buffer = framed(body) + framed(b"next")[:5], FrameBuffer()
    frames: list[frame.Frame] = []
    for pos in range(0, len(data), 65536):
        assert frames == []
        frames = buffer.receive(data[pos : pos + 65536])
    assert bodies_of(frames) == [body]
    assert frames[0][1:] == (0, len(body))
    assert not buffer.is_idle
    assert bodies_of(buffer.receive(b"ext")) == [b"next"]


def test_tiny_reads_of_a_large_frame_are_not_kept_one_by_one() -> None:
    buffer = FrameBuffer()
    buffer.receive((100_000).to_bytes(4))
    for _ in range(50_000):
        buffer.receive(b"x")
    assert len(buffer._pieces) <= 1 + 50_000 // (frame.PIECE_BYTES_MIN // 2)


@pytest.mark.parametrize("length", [b"\x00\x00\x00\x65", b"\xff\xff\xff\xff", b"GET "])
def test_a_length_out_of_bounds_ends_the_connection_after_the_frames_before(length: bytes) -> None:
    buffer = FrameBuffer(frame_bytes_max=100)
    assert bodies_of(buffer.receive(framed(b"good") + length)) == [b"good"]
    assert buffer.failure
    assert buffer.receive(framed(b"more")) == []


def test_the_limit_may_be_raised_between_reads() -> None:
    buffer = FrameBuffer(frame_bytes_max=4)
    assert bodies_of(buffer.receive(framed(b"auth"))) == [b"auth"]
    buffer.frame_bytes_max = 5
    assert bodies_of(buffer.receive(framed(b"login"))) == [b"login"]


@pytest.mark.parametrize("client_id", ["kafkajs", "", None, "ö"])
@pytest.mark.parametrize(("key", "version"), [(1, 11), (1, 12), (18, 0), (18, 4), (17, 1)])
def test_a_header_of_either_version_is_read_as_it_was_written(
    key: int, version: int, client_id: str | None
) -> None:
    data = write_request_header(key, version, -7, client_id)
    header = read_request_header(b"xx" + data + b"body", 2, 2 + len(data) + 4)
    assert (header.api_key, header.api_version, header.correlation_id) == (key, version, -7)
    assert header.client_id == client_id
    assert header.body == 2 + len(data)


def test_tagged_fields_of_a_header_are_stepped_over() -> None:
    data = write_request_header(1, 12, 1, "me")[:-1] + b"\x02\x00\x01x\x05\x00"
    assert read_request_header(data, 0, len(data)).body == len(data)


def test_a_header_of_an_api_that_nobody_knows_is_still_read() -> None:
    data = write_request_header(999, 3, 1, "me")
    assert read_request_header(data, 0, len(data)).api_key == 999


@pytest.mark.parametrize(("key", "version"), [(1, 11), (1, 12)])
def test_a_header_cut_anywhere_is_refused(key: int, version: int) -> None:
    data = write_request_header(key, version, 1, "me")
    for length in range(len(data)):
        with pytest.raises(KafkaCodecError):
            read_request_header(data[:length], 0, length)
        with pytest.raises(KafkaCodecError):
            read_request_header(data, 0, length)


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\x00\x01\xff"])
def test_a_client_id_of_negative_length_or_not_utf_8_is_refused(bad: bytes) -> None:
    data = bytes.fromhex("0001000b00000001") + bad
    with pytest.raises(KafkaCodecError):
        read_request_header(data, 0, len(data))


def test_only_produce_may_be_longer_than_a_request_of_dicts() -> None:
    body = bytes(frame.REQUEST_BYTES_MAX)
    fetch = write_request_header(1, 11, 1, None) + body
    with pytest.raises(KafkaCodecError):
        read_request_header(fetch, 0, len(fetch))
    produce = write_request_header(0, 9, 1, None) + body
    assert read_request_header(produce, 0, len(produce)).api_key == 0


def test_a_header_of_version_0_ends_before_the_client_id() -> None:
    data = bytes.fromhex("0007000000000009")
    header = frame.read_request_header_0(data, 0, len(data))
    assert (header.api_key, header.correlation_id, header.body) == (7, 9, 8)
    with pytest.raises(KafkaCodecError):
        frame.read_request_header_0(data, 0, 7)
