import pytest

from dragoman.listeners.sniff import KAFKA_FRAME_BYTES_MAX, SNIFF_BYTES, protocol_of


@pytest.mark.parametrize(
    ("head", "protocol"),
    [
        (b"AMQP\x00\x00\x09\x01", "amqp"),
        (b"AMQP\x01\x01\x00\x0a", "amqp"),  # an old header: the door answers with its own
        (b"AMQP\x00\x01\x00\x00", "amqp10"),
        (b"AMQP\x03\x01\x00\x00", "amqp10"),
        (b"\x16\x03\x01", "tls"),
        (b"PRI * HTTP/2.0", "http2"),
        (b"GET / HTTP/1.1", "http"),
        (b"POST /x HTTP/1.1", "http"),
        (b"\x00\x00\x00\x10\x00\x12\x00\x03", "kafka"),
        ((KAFKA_FRAME_BYTES_MAX + 1).to_bytes(4, "big") + bytes(4), "unknown"),
        (b"\x00\x00\x00\x10\x7f\x12\x00\x03", "unknown"),  # no API has such a key
        (b"\xff" * 8, "unknown"),
    ],
)
def test_first_bytes_name_the_protocol(head: bytes, protocol: str) -> None:
    assert protocol_of(head) == protocol
    assert protocol_of(head[:SNIFF_BYTES]) == protocol


@pytest.mark.parametrize(
    "head", [b"AMQP\x00\x00\x09\x01", b"\x00\x00\x00\x10\x00\x12\x00\x03", b"GET ", b"PRI "]
)
def test_nothing_is_decided_before_there_are_enough_bytes(head: bytes) -> None:
    assert [protocol_of(head[:count]) for count in range(len(head))] == [None] * len(head)


@pytest.mark.parametrize("first", range(256))
def test_eight_bytes_always_decide(first: int) -> None:
    assert protocol_of(bytes([first]) * SNIFF_BYTES) is not None
