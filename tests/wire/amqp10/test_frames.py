from dragoman.wire.amqp10.frames import EMPTY_FRAME, frame, sasl_frame
from dragoman.wire.amqp10.performatives import Close, SaslOutcome, Transfer


def test_a_frame_is_its_length_its_kind_and_its_channel() -> None:
    assert frame(3, Close()).hex() == "0000000f02000003005318c0020140"
    assert sasl_frame(SaslOutcome(0)).hex() == "0000001102010000005344c00402500040"
    data = frame(0, Transfer(1), b"payload")
    assert int.from_bytes(data[:4], "big") == len(data) and data.endswith(b"payload")


def test_the_empty_frame_is_a_header_alone() -> None:
    assert EMPTY_FRAME.hex() == "0000000802000000"
