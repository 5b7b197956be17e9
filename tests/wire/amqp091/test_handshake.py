import pytest

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.frames import PROTOCOL_HEADER
from dragoman.wire.amqp091.handshake import (
    DEFAULT_TUNING,
    HeaderMatch,
    Tuning,
    choose,
    match_protocol_header,
    settle,
)


def test_the_header_is_awaited_byte_by_byte_then_accepted_with_any_tail() -> None:
    for length in range(8):
        assert match_protocol_header(PROTOCOL_HEADER[:length]) is HeaderMatch.INCOMPLETE
    assert match_protocol_header(PROTOCOL_HEADER) is HeaderMatch.ACCEPTED
    assert match_protocol_header(PROTOCOL_HEADER + b"\x01") is HeaderMatch.ACCEPTED


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP",
        b"G",
        b"AMQP\x00\x01\x00\x00",
        b"AMQP\x03",
        b"AMQP\x00\x00\x09\x00",
        b"\x16\x03",
    ],
)
def test_any_other_start_is_refused_as_soon_as_it_shows(data: bytes) -> None:
    assert match_protocol_header(data) is HeaderMatch.REFUSED


def test_a_client_may_lower_the_limits_and_choose_any_heartbeat() -> None:
    chosen = Tuning(channel_max=10, frame_max=4096, heartbeat_s=600)
    assert settle(DEFAULT_TUNING, chosen) == chosen


@pytest.mark.parametrize(
    ("chosen", "text"),
    [
        (Tuning(2047, 0, 0), "negotiated frame_max = 0 is higher than the maximum allowed value"),
        (Tuning(2047, 131_073, 0), "frame_max = 131073 is higher"),
        (Tuning(2047, 4095, 0), "frame_max = 4095 is lower than the minimum allowed value \\(4096"),
        (Tuning(0, 131_072, 0), "channel_max = 0 is higher"),
        (Tuning(2048, 131_072, 0), "channel_max = 2048 is higher"),
    ],
)
def test_a_client_that_asks_for_more_is_not_allowed(chosen: Tuning, text: str) -> None:
    with pytest.raises(AmqpError, match=text) as caught:
        settle(DEFAULT_TUNING, chosen)
    assert caught.value.code == 530


def test_an_offer_without_limits_allows_anything() -> None:
    assert settle(Tuning(0, 0, 0), Tuning(0, 0, 0)) == Tuning(0, 0, 0)


def test_a_client_answers_with_the_lower_of_each_where_zero_is_no_limit() -> None:
    assert choose(Tuning(2047, 131_072, 60), Tuning(0, 4096, 10)) == Tuning(2047, 4096, 10)
    assert choose(Tuning(0, 0, 0), Tuning(5, 0, 0)) == Tuning(5, 0, 0)
