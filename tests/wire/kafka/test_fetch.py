"""The hand-written Fetch codec against the generated one, which oracles vouch for."""

import random
from typing import Any

import pytest
from tests.wire.kafka.messages import SeededMessages

from dragoman.wire.kafka import codec
from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.fetch import (
    FORGOTTEN_MAX,
    VERSION_MAX,
    VERSION_MIN,
    FetchRequest,
    FetchResult,
    decode_fetch_request,
    encode_fetch_response,
)

every_version = pytest.mark.parametrize("version", range(VERSION_MIN, VERSION_MAX + 1))
SCALARS = (
    "max_wait_ms",
    "min_bytes",
    "max_bytes",
    "isolation_level",
    "session_id",
    "session_epoch",
    "rack_id",
)
PART = (
    "partition",
    "current_leader_epoch",
    "fetch_offset",
    "last_fetched_epoch",
    "log_start_offset",
    "partition_max_bytes",
)


def flat(version: int, message: dict[str, Any]) -> tuple[Any, ...]:
    topic = "topic_id" if version >= 13 else "topic"
    parts = [
        (data[topic], *(part[name] for name in PART))
        for data in message["topics"]
        for part in data["partitions"]
    ]
    forgotten = [(data[topic], data["partitions"]) for data in message["forgotten_topics_data"]]
    return (*(message[name] for name in SCALARS), message["replica_id"], parts, forgotten)


def flat_request(request: FetchRequest) -> tuple[Any, ...]:
    scalars = (getattr(request, name) for name in SCALARS)
    return (*scalars, request.replica_id, request.parts, request.forgotten)


@every_version
def test_requests_read_as_the_generated_codec_reads_them(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(40):
        message = made.make("request", 1, version)
        encoded = codec.encode_request(1, version, message)
        request = decode_fetch_request(version, encoded, 0, len(encoded))
        assert flat_request(request) == flat(version, message)
        tailed = b"head" + encoded + b"\1\2\3"
        request = decode_fetch_request(version, tailed, 4, len(tailed))
        assert flat_request(request) == flat(version, message)


@every_version
def test_a_request_cut_anywhere_is_refused(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(5):
        encoded = codec.encode_request(1, version, made.make("request", 1, version))
        for length in range(0, len(encoded), 1 + len(encoded) // 300):
            with pytest.raises(KafkaCodecError):
                decode_fetch_request(version, encoded[:length], 0, length)
            with pytest.raises(KafkaCodecError):
                decode_fetch_request(version, encoded, 0, length)


@every_version
def test_a_garbled_request_raises_nothing_but_a_codec_error(version: int) -> None:
    chance, made = random.Random(version), SeededMessages(seed=version)
    for _ in range(150):
        garbled = bytearray(codec.encode_request(1, version, made.make("request", 1, version)))
        for _ in range(chance.randint(1, 3)):
            garbled[chance.randrange(len(garbled))] = chance.choice((0, 1, 127, 128, 254, 255))
        try:
            decode_fetch_request(version, bytes(garbled), 0, len(garbled))
        except KafkaCodecError:
            continue


@every_version
def test_responses_are_written_as_the_generated_codec_writes_them(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(40):
        message = made.make("response", 1, version) | {"node_endpoints": []}
        topics = {
            data["topic_id"] if version >= 13 else data["topic"] for data in message["responses"]
        }
        message["responses"] = [
            data | {"topic": name} | ({"topic_id": name} if version >= 13 else {})
            for name, data in zip(sorted(topics), message["responses"], strict=False)
            if data["partitions"]
        ]
        results = [
            result_of(data["topic"], part)
            for data in message["responses"]
            for part in data["partitions"]
        ]
        buffers = encode_fetch_response(
            version,
            77,
            results,
            message["throttle_time_ms"],
            message["error_code"],
            message["session_id"],
        )
        assert b"".join(buffers) == codec.encode_response_frame(1, version, 77, message)


def result_of(topic: str | bytes, part: dict[str, Any]) -> FetchResult:
    for name in ("diverging_epoch", "current_leader", "snapshot_id"):
        part.pop(name)
    part["records"] = part["records"] or b""  # an empty set is never written as null
    result = FetchResult(
        topic,
        part["partition_index"],
        part["error_code"],
        part["high_watermark"],
        part["last_stable_offset"],
        part["log_start_offset"],
        [part["records"][:50], part["records"][50:]],
    )
    if part["aborted_transactions"] is not None:
        result.aborted = [
            (one["producer_id"], one["first_offset"]) for one in part["aborted_transactions"]
        ]
    result.preferred_read_replica = part["preferred_read_replica"]
    return result


def test_record_bytes_pass_through_uncopied() -> None:
    pieces = [b"batch one", b"batch two"]
    buffers = encode_fetch_response(12, 1, [FetchResult("t", 0, 0, 9, 9, 0, pieces)], 0, 0, 0)
    assert buffers[2] is pieces[0]
    assert buffers[3] is pieces[1]


@pytest.mark.parametrize("version", [11, 12])
def test_a_count_beyond_the_bytes_left_is_refused_before_its_loop(version: int) -> None:
    count = b"\x7f\xff\xff\xff" if version == 11 else b"\xff\xff\xff\xff\x0f"
    data = bytes(25) + count + bytes(20)
    with pytest.raises(KafkaCodecError, match="more elements than bytes"):
        decode_fetch_request(version, data, 0, len(data))


@pytest.mark.parametrize("version", [11, 12])
def test_the_forgotten_topics_of_a_request_are_counted(version: int) -> None:
    forgotten = [{"topic": "", "partitions": []}] * (FORGOTTEN_MAX + 1)
    message = {"max_wait_ms": 1, "min_bytes": 1, "topics": [], "forgotten_topics_data": forgotten}
    data = codec.encode_request(1, version, message)
    with pytest.raises(KafkaCodecError):
        decode_fetch_request(version, data, 0, len(data))


def test_more_partitions_than_one_varint_byte_can_count_are_read() -> None:
    partitions = [
        {"partition": index, "fetch_offset": 0, "partition_max_bytes": 1} for index in range(200)
    ]
    topics = [{"topic": f"t{index}", "partitions": partitions} for index in range(200)]
    message = {
        "max_wait_ms": 1,
        "min_bytes": 1,
        "topics": topics,
        "forgotten_topics_data": [{"topic": "f" * 200, "partitions": list(range(200))}] * 200,
        "rack_id": "r" * 200,
    }
    data = codec.encode_request(1, 12, message)
    request = decode_fetch_request(12, data, 0, len(data))
    assert [part[:2] for part in request.parts[199:201]] == [("t0", 199), ("t1", 0)]
    assert request.forgotten == [("f" * 200, list(range(200)))] * 200
    assert request.rack_id == "r" * 200


def test_a_topic_without_a_name_is_refused() -> None:
    data = bytes(25) + b"\x02\x00\x01\x00" + bytes(8)
    with pytest.raises(KafkaCodecError, match="without a name"):
        decode_fetch_request(12, data, 0, len(data))
