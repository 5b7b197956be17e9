"""Every message of every version: whole, with a tail, cut short, garbled, and there and back."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.wire.kafka.messages import EVERY_VERSION, SeededMessages, messages, name_of

from dragoman.wire.kafka import codec
from dragoman.wire.kafka.errors import KafkaCodecError

ENCODE = {"request": codec.encode_request, "response": codec.encode_response}
DECODE = {"request": codec.decode_request, "response": codec.decode_response}

every_version = pytest.mark.parametrize("case", EVERY_VERSION, ids=name_of)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_encoded_decodes_to_itself_in_any_version(data: st.DataObject) -> None:
    side, key, version = data.draw(st.sampled_from(EVERY_VERSION))
    message = data.draw(messages(side, key, version))
    assert DECODE[side](key, version, ENCODE[side](key, version, message)) == message


@every_version
def test_each_version_comes_back_as_it_went_whatever_is_behind_it(
    case: tuple[str, int, int],
) -> None:
    side, key, version = case
    made = SeededMessages(seed=key * 100 + version)
    for _ in range(5):
        message = made.make(side, key, version)
        encoded = ENCODE[side](key, version, message)
        assert DECODE[side](key, version, encoded) == message
        assert (
            DECODE[side](key, version, b"head" + encoded + b"tail", 4, 4 + len(encoded)) == message
        )


@every_version
def test_a_message_cut_anywhere_is_refused(case: tuple[str, int, int]) -> None:
    side, key, version = case
    encoded = ENCODE[side](key, version, SeededMessages(seed=2).make(side, key, version))
    for length in range(0, len(encoded), 1 + len(encoded) // 60):
        with pytest.raises(KafkaCodecError):
            DECODE[side](key, version, encoded[:length])
        with pytest.raises(KafkaCodecError):  # what follows belongs to the next message
            DECODE[side](key, version, encoded, 0, length)


@every_version
def test_garbled_bytes_raise_nothing_but_a_codec_error(case: tuple[str, int, int]) -> None:
    side, key, version = case
    chance = random.Random(key * 100 + version)
    encoded = ENCODE[side](key, version, SeededMessages(seed=3).make(side, key, version))
    for _ in range(10):
        garbled = bytearray(encoded or b"\0")
        for _ in range(chance.randint(1, 4)):
            garbled[chance.randrange(len(garbled))] = chance.choice((0, 1, 127, 128, 255))
        _decode_or_refuse(side, key, version, bytes(garbled))
        _decode_or_refuse(side, key, version, chance.randbytes(40))


def _decode_or_refuse(side: str, key: int, version: int, data: bytes) -> None:
    try:
        DECODE[side](key, version, data)
    except KafkaCodecError:
        return


@pytest.mark.parametrize(
    "count", [b"\x7f\xff\xff\xff", b"\x00\x10\x00\x00", b"\xff\xff\xff\xfe"], ids=bytes.hex
)
def test_a_count_beyond_the_bytes_left_is_refused_before_its_loop(count: bytes) -> None:
    with pytest.raises(KafkaCodecError, match=r"more elements than bytes|a negative length"):
        codec.decode_request(3, 1, count + bytes(10))


def test_metadata_13_with_a_null_written_as_four_bytes_is_read() -> None:
    # librdkafka 2.12 to 2.16 writes "all topics" so: three bytes are left over
    request = codec.decode_request(3, 13, bytes.fromhex("00000000010000"))
    assert request["topics"] is None


def test_unknown_tagged_fields_are_stepped_over() -> None:
    plain = codec.encode_request(12, 4, _HEARTBEAT)
    tags = b"\x02" + b"\x05\x03abc" + b"\x80\x01\x80\x01" + bytes(128)
    assert codec.decode_request(12, 4, plain[:-1] + tags) == _HEARTBEAT
    with pytest.raises(KafkaCodecError):
        codec.decode_request(12, 4, plain[:-1] + b"\x01\x05\x7fabc")


def test_a_known_tagged_field_of_a_wrong_size_is_refused() -> None:
    encoded = codec.encode_request(1, 15, _FETCH | {"replica_state": _REPLICA})
    at = encoded.rindex(b"\x01\x01\x0d")
    with pytest.raises(KafkaCodecError):
        codec.decode_request(1, 15, encoded[: at + 2] + b"\x0e" + encoded[at + 3 :] + b"\0")


def test_an_absent_field_has_its_default() -> None:
    request = codec.decode_request(12, 0, codec.encode_request(12, 0, _HEARTBEAT))
    assert request["group_instance_id"] is None


def test_a_field_with_a_default_may_be_left_out_and_no_other() -> None:
    assert codec.encode_response(12, 4, {"error_code": 25}) == b"\0\0\0\0\0\x19\0"
    with pytest.raises(KeyError):
        codec.encode_response(12, 4, {})


@pytest.mark.parametrize("error_code", [1 << 15, "x", None])
def test_a_value_that_its_field_cannot_hold_is_refused(error_code: Any) -> None:
    with pytest.raises(KafkaCodecError):
        codec.encode_response(12, 4, {"error_code": error_code})


@pytest.mark.parametrize(("key", "version"), [(12, 5), (12, -1), (999, 0)])
def test_a_version_that_the_table_lacks_is_refused(key: int, version: int) -> None:
    with pytest.raises(KafkaCodecError):
        codec.decode_request(key, version, b"")


def test_a_response_frame_has_its_length_and_the_header_of_its_version() -> None:
    body = {"error_code": 25}
    assert codec.encode_response_frame(12, 3, 9, body) == bytes.fromhex(
        "0000000a 00000009 00000000 0019"
    )
    assert codec.encode_response_frame(12, 4, 9, body) == bytes.fromhex(
        "0000000c 00000009 00 00000000 0019 00"
    )


def test_api_versions_is_answered_with_the_plain_header_in_every_version() -> None:
    assert codec.response_header(18, 4, -1) == b"\xff\xff\xff\xff"


_HEARTBEAT = {
    "group_id": "g",
    "generation_id": 3,
    "member_id": "m",
    "group_instance_id": None,
}
_REPLICA = {"replica_id": 1, "replica_epoch": 2}
_FETCH = {
    "max_wait_ms": 1,
    "min_bytes": 1,
    "topics": [],
    "forgotten_topics_data": [],
}


def test_a_response_that_was_written_before_answers_another_request() -> None:
    message = {"error_code": 0, "api_keys": []}
    frame = codec.encode_response_frame(18, 0, 0, message)
    pieces = codec.numbered(frame, -7)
    assert b"".join(pieces) == codec.encode_response_frame(18, 0, -7, message)
