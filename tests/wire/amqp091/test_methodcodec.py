from typing import Any, cast

import pamqp.commands
import pamqp.frame
import pika.spec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.strategies import method_of, methods

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import decode_table, encode_table
from dragoman.wire.amqp091.frames import method_frame
from dragoman.wire.amqp091.methodcodec import (
    IDS,
    KINDS,
    decode_method,
    encode_method,
    encode_shortstr,
)
from dragoman.wire.amqp091.methods import (
    METHODS,
    AccessRequest,
    BasicPublish,
    ChannelOpen,
    ChannelOpenOk,
    ConnectionTune,
    ExchangeDeclare,
    Method,
    QueueDeclare,
)

SAMPLES: dict[str, Any] = {
    "bit": True,
    "octet": 9,
    "short": 0x0102,
    "long": 0x01020304,
    "longlong": 0x0102030405060708,
    "shortstr": "name",
    "longstr": b"secret",
    "table": {"a": 1, "b": "two", "c": [True]},
}


def _index(cls: type[Method]) -> int:
    class_id, method_id = IDS[cls]
    return class_id << 16 | method_id


# pamqp insists on a zero in the reserved arguments of these.
PAMQP_WANTS: dict[type[Method], Method] = {
    ChannelOpen: ChannelOpen(reserved_1="0"),
    ChannelOpenOk: ChannelOpenOk(reserved_1=b"0"),
}


@given(methods)
def test_a_method_comes_back_as_itself(method: Method) -> None:
    decoded = decode_method(encode_method(method))
    assert decoded == method
    assert type(decoded) is type(method)


@pytest.mark.parametrize("cls", METHODS.values(), ids=lambda cls: cls.__name__)
def test_each_method_round_trips_with_its_defaults(cls: type[Method]) -> None:
    payload = encode_method(cls())
    assert type(decode_method(payload)) is cls
    assert encode_method(decode_method(payload)) == payload


@given(methods, st.data())
def test_a_truncated_or_changed_method_is_a_method_or_an_amqp_error(
    method: Method, data: st.DataObject
) -> None:
    payload = bytearray(encode_method(method))
    cut = data.draw(st.integers(0, len(payload)))
    at = data.draw(st.integers(0, len(payload) - 1))
    payload[at] = data.draw(st.integers(0, 255))
    for raw in (bytes(payload), bytes(payload[:cut])):
        try:
            decode_method(raw)
        except AmqpError as error:
            _assert_about_bytes(error)


@pytest.mark.parametrize("cls", METHODS.values(), ids=lambda cls: cls.__name__)
def test_pika_encodes_the_same_bytes(cls: type[Method]) -> None:
    ours: list[Any] = [SAMPLES[kind] for kind in KINDS[cls]]
    peer = pika.spec.methods[_index(cls)](*ours)
    raw = _index(cls).to_bytes(4, "big") + b"".join(peer.encode())
    if "table" in KINDS[cls]:
        index = KINDS[cls].index("table")
        ours[index] = cast("Any", decode_method(raw))[index]
        assert [field.value for field in ours[index].values()][:2] == [1, b"two"]
        assert encode_table(ours[index]) in raw
    assert encode_method(cls(*ours)) == raw


@pytest.mark.filterwarnings("ignore:This command is deprecated")
@pytest.mark.parametrize(
    "cls",
    [cls for cls in METHODS.values() if _index(cls) in pamqp.commands.INDEX_MAPPING],
    ids=lambda cls: cls.__name__,
)
def test_pamqp_reads_what_we_write(cls: type[Method]) -> None:
    method = PAMQP_WANTS.get(cls, cls())
    raw = method_frame(7, method)
    consumed, channel, peer = pamqp.frame.unmarshal(raw)
    assert (consumed, channel) == (len(raw), 7)
    values = [value for _name, value in cast("Any", peer)]
    expected = [
        value.decode() if isinstance(value, bytes) else dict(value) if kind == "table" else value
        for kind, value in zip(KINDS[cls], cast("Any", method), strict=True)
    ]
    assert values == expected
    assert pamqp.frame.marshal(peer, 7) == raw


def test_neighbouring_bits_share_an_octet_lowest_first() -> None:
    assert encode_method(QueueDeclare(durable=True, no_wait=True))[7:8] == bytes([0b10010])
    payload = encode_method(AccessRequest(exclusive=False, passive=False))
    assert payload[-1] == 0b11100


def test_an_unknown_method_is_a_command_invalid_naming_it() -> None:
    with pytest.raises(AmqpError) as caught:
        decode_method(b"\x00\x3c\x03\xe7")
    assert (caught.value.code, caught.value.class_id, caught.value.method_id) == (503, 60, 999)


def test_arguments_that_do_not_fill_the_frame_are_a_frame_error_naming_the_method() -> None:
    whole = encode_method(QueueDeclare(queue="q"))
    for raw in (whole + b"z", whole[:-5], whole[:5]):
        with pytest.raises(AmqpError) as caught:
            decode_method(raw)
        assert caught.value.code in (501, 502)
    with pytest.raises(AmqpError) as caught:
        decode_method(whole + b"z")
    assert (caught.value.code, caught.value.class_id, caught.value.method_id) == (501, 50, 10)


def test_a_long_string_that_passes_the_frame_is_a_frame_error() -> None:
    with pytest.raises(AmqpError) as caught:
        decode_method(b"\x00\x0a\x00\x14\xff\xff\xff\xffabc")
    assert (caught.value.code, caught.value.class_id, caught.value.method_id) == (501, 10, 20)


def test_a_name_that_is_not_utf8_is_a_frame_error() -> None:
    with pytest.raises(AmqpError, match="Malformed UTF-8") as caught:
        decode_method(b"\x00\x32\x00\x0a\x00\x00\x02\xff\xfe\x00\x00\x00\x00\x00")
    assert caught.value.code == 501


def test_what_does_not_fit_an_argument_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="256"):
        encode_method(ExchangeDeclare(exchange="e" * 256))
    with pytest.raises(ValueError, match="short"):
        encode_method(ConnectionTune(channel_max=70_000))
    with pytest.raises(ValueError, match="256"):
        encode_shortstr(bytes(256))


@given(method_of(BasicPublish))
def test_a_publish_may_carry_any_utf8_key(method: BasicPublish) -> None:
    assert decode_method(encode_method(method)) == method


def test_an_empty_table_is_four_octets() -> None:
    assert encode_table({}) == bytes(4)
    assert decode_table(bytes(4), 0) == ({}, 4)


def _assert_about_bytes(error: AmqpError) -> None:
    assert error.code in (501, 502, 503)
