"""The decoder's source: one `Struct` call for a run of fixed fields and the length behind it."""

import pytest

from dragoman.wire.kafka.errors import KafkaCodecError
from dragoman.wire.kafka.generate_decode import ELEMENTS_MAX, make_decoder
from dragoman.wire.kafka.primitives import write_unsigned_varint
from dragoman.wire.kafka.schema import request_fields


def test_a_heartbeat_is_decoded_in_either_encoding() -> None:
    fields = request_fields(12)
    plain = make_decoder("heartbeat", fields, 0, is_flexible=False)
    assert plain(b"\0\1g\0\0\0\5\0\1m", 0, 10)["generation_id"] == 5
    compact = make_decoder("heartbeat", fields, 4, is_flexible=True)
    assert compact(b"\2g\0\0\0\5\2m\0\0", 0, 10)["group_instance_id"] is None


def test_the_error_names_the_message() -> None:
    decode = make_decoder("heartbeat", request_fields(12), 0, is_flexible=False)
    with pytest.raises(KafkaCodecError, match="heartbeat"):
        decode(b"\0\1", 0, 2)
    with pytest.raises(KafkaCodecError, match="heartbeat"):
        decode(b"\0\1\xff\0\0\0\5\0\1m", 0, 10)


def test_the_elements_of_all_arrays_of_a_message_are_counted() -> None:
    decode = make_decoder("describe groups", request_fields(15), 5, is_flexible=True)
    many = write_unsigned_varint(ELEMENTS_MAX + 1) + b"\1" * ELEMENTS_MAX + b"\0\0"
    assert len(decode(many, 0, len(many))["groups"]) == ELEMENTS_MAX
    more = write_unsigned_varint(ELEMENTS_MAX + 2) + b"\1" * (ELEMENTS_MAX + 1) + b"\0\0"
    with pytest.raises(KafkaCodecError, match="too many elements"):
        decode(more, 0, len(more))
