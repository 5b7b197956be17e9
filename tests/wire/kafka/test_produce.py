"""The hand-written Produce codec against the generated one, which oracles vouch for."""

import random
from typing import Any

import pytest
from tests.wire.kafka.messages import SeededMessages

from dragoman.wire.kafka import codec
from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.produce import (
    PARTS_MAX,
    VERSION_MAX,
    VERSION_MIN,
    ProduceResult,
    decode_produce_request,
    encode_produce_response,
)

every_version = pytest.mark.parametrize("version", range(VERSION_MIN, VERSION_MAX + 1))


def flat(version: int, message: dict[str, Any]) -> tuple[Any, ...]:
    topic = "topic_id" if version >= 13 else "name"
    parts = [
        (data[topic], part["index"], part["records"])
        for data in message["topic_data"]
        for part in data["partition_data"]
    ]
    return (message["transactional_id"], message["acks"], message["timeout_ms"], parts)


def decoded(version: int, buf: bytes, pos: int, end: int) -> tuple[Any, ...]:
    request = decode_produce_request(version, buf, pos, end)
    return (request.transactional_id, request.acks, request.timeout_ms, request.parts)


@every_version
def test_requests_read_as_the_generated_codec_reads_them(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(40):
        message = made.make("request", 0, version)
        encoded = codec.encode_request(0, version, message)
        assert decoded(version, encoded, 0, len(encoded)) == flat(version, message)
        tailed = b"head" + encoded + b"\1\2\3"
        assert decoded(version, tailed, 4, len(tailed)) == flat(version, message)


@every_version
def test_a_request_cut_anywhere_is_refused(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(5):
        encoded = codec.encode_request(0, version, made.make("request", 0, version))
        for length in range(len(encoded)):
            with pytest.raises(KafkaCodecError):
                decode_produce_request(version, encoded[:length], 0, length)
            with pytest.raises(KafkaCodecError):
                decode_produce_request(version, encoded, 0, length)


@every_version
def test_a_garbled_request_reads_as_generated_or_both_refuse(version: int) -> None:
    chance, made = random.Random(version), SeededMessages(seed=version)
    for _ in range(150):
        garbled = bytearray(codec.encode_request(0, version, made.make("request", 0, version)))
        for _ in range(chance.randint(1, 3)):
            garbled[chance.randrange(len(garbled))] = chance.choice((0, 1, 127, 128, 254, 255))
        data = bytes(garbled) + bytes(chance.randint(0, 9))
        try:
            expected = flat(version, codec.decode_request(0, version, data))
        except KafkaCodecError:
            expected = ()
        try:
            found = decoded(version, data, 0, len(data))
        except KafkaCodecError:
            assert expected == ()
        else:  # the request's own tagged fields are not read by hand
            assert expected in (found, ())


@every_version
def test_responses_are_written_as_the_generated_codec_writes_them(version: int) -> None:
    made = SeededMessages(seed=version)
    for _ in range(40):
        message = made.make("response", 0, version) | {"node_endpoints": []}
        topics = {
            data["topic_id"] if version >= 13 else data["name"] for data in message["responses"]
        }
        message["responses"] = [
            data | {"name": name} | ({"topic_id": name} if version >= 13 else {})
            for name, data in zip(sorted(topics), message["responses"], strict=False)
            if data["partition_responses"]
        ]
        results = [
            result_of(data["name"], part)
            for data in message["responses"]
            for part in data["partition_responses"]
        ]
        frame = encode_produce_response(version, 77, results, message["throttle_time_ms"])
        assert frame == codec.encode_response_frame(0, version, 77, message)


def result_of(topic: str | bytes, part: dict[str, Any]) -> ProduceResult:
    part["current_leader"] = {"leader_id": -1, "leader_epoch": -1}
    result = ProduceResult(
        topic,
        part["index"],
        part["error_code"],
        part["base_offset"],
        part["log_append_time_ms"],
        part["log_start_offset"],
    )
    result.error_message = part["error_message"]
    result.record_errors = [
        (error["batch_index"], error["batch_index_error_message"])
        for error in part["record_errors"]
    ]
    return result


@pytest.mark.parametrize("version", [8, 9])
def test_a_count_beyond_the_bytes_left_is_refused_before_its_loop(version: int) -> None:
    head = b"\xff\xff" + bytes(6) if version == 8 else bytes(7)
    count = b"\x7f\xff\xff\xff" if version == 8 else b"\xff\xff\xff\xff\x0f"
    data = head + count + bytes(20)
    with pytest.raises(KafkaCodecError, match="more elements than bytes"):
        decode_produce_request(version, data, 0, len(data))


@pytest.mark.parametrize("version", [8, 9])
def test_the_parts_of_a_request_are_counted(version: int) -> None:
    data = [{"index": 0, "records": None}] * PARTS_MAX
    topic = {"name": "t", "partition_data": data}
    message = {"acks": 1, "timeout_ms": 1, "topic_data": [topic]}
    full = codec.encode_request(0, version, message)
    assert len(decode_produce_request(version, full, 0, len(full)).parts) == PARTS_MAX
    message["topic_data"] = [topic, topic]
    more = codec.encode_request(0, version, message)
    with pytest.raises(KafkaCodecError, match="too many partitions"):
        decode_produce_request(version, more, 0, len(more))
