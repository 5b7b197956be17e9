"""The encoder's source, and what it does with tags and defaults."""

import pytest

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.generate_encode import make_encoder
from dragoman.wire.kafka.schema import request_fields, response_fields


def test_a_tagged_field_at_its_default_is_left_out() -> None:
    encode = make_encoder("api versions", response_fields(18), 4, is_flexible=True)
    chunks: list[bytes] = []
    encode({"error_code": 0, "api_keys": []}, chunks.append)
    assert b"".join(chunks) == b"\0\0\1\0\0\0\0\0"
    chunks.clear()
    encode({"error_code": 0, "api_keys": [], "finalized_features_epoch": 7}, chunks.append)
    assert b"".join(chunks) == b"\0\0\1\0\0\0\0\1" + b"\1\x08" + bytes(7) + b"\7"


def test_a_string_longer_than_its_length_can_say_is_refused() -> None:
    encode = make_encoder("heartbeat", request_fields(12), 0, is_flexible=False)
    chunks: list[bytes] = []
    message = {"group_id": "g" * 40_000, "generation_id": 1, "member_id": ""}
    with pytest.raises(KafkaCodecError, match="heartbeat"):
        encode(message, chunks.append)
