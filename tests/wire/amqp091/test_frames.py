import pamqp.frame
import pamqp.heartbeat

from dragoman.wire.amqp091.frames import FRAME_BODY, HEARTBEAT_FRAME, frame, method_frame
from dragoman.wire.amqp091.methods import ChannelOpen, ChannelOpenOk


def test_a_frame_is_type_channel_size_payload_and_end() -> None:
    assert frame(FRAME_BODY, 0x0102, b"ab") == b"\x03\x01\x02\x00\x00\x00\x02ab\xce"


def test_a_heartbeat_is_the_one_pamqp_sends() -> None:
    assert pamqp.heartbeat.Heartbeat().marshal() == HEARTBEAT_FRAME


def test_pamqp_reads_our_method_frames() -> None:
    consumed, channel, method = pamqp.frame.unmarshal(method_frame(3, ChannelOpen()))
    assert (consumed, channel, method.name) == (13, 3, "Channel.Open")
    assert method_frame(1, ChannelOpenOk()) == bytes.fromhex("01000100000008 0014000b00000000 ce")
