from collections.abc import Callable
from typing import Any

import pytest

from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.traits import (
    CACHE_MAX,
    CARBON_COPIES,
    EXPIRATION_MS_MAX,
    PLAIN,
    REPLY_TO,
    TraitsCache,
    expiration_of,
)
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.properties import encode_header


def of(**properties: Any) -> Any:
    return TraitsCache("me").of(encode_header(5, properties))


def test_what_asks_for_nothing_is_plain_and_transient() -> None:
    traits = of(content_type="a/b", headers={"a": Field("S", b"CC")}, delivery_mode=1)
    found = (traits.persistent, traits.priority, traits.expiration_ms, traits.special)
    assert found == (False, 0, -1, PLAIN)


def test_mode_priority_and_life_are_read() -> None:
    traits = of(delivery_mode=2, priority=7, expiration="0")
    assert (traits.persistent, traits.priority, traits.expiration_ms) == (True, 7, 0)


def test_equal_demands_are_one_object_whatever_else_the_properties_say() -> None:
    cache = TraitsCache("me")
    one = cache.of(encode_header(5, {"message_id": "1", "delivery_mode": 2}))
    two = cache.of(encode_header(9, {"message_id": "2", "delivery_mode": 2}))
    assert one is two
    assert cache.of(encode_header(9, {"message_id": "2"})) is not one


@pytest.mark.parametrize(
    ("headers", "special"),
    [
        ({"CC": Field("A", [])}, CARBON_COPIES),
        ({"BCC": Field("A", [])}, CARBON_COPIES),
        ({"CC": Field("S", b"a")}, CARBON_COPIES),
        ({"a": Field("S", b"\x02CC")}, PLAIN),
    ],
)
def test_copies_are_noticed(headers: dict[str, Field], special: int) -> None:
    assert of(headers=headers).special == special


def test_only_the_direct_reply_queue_is_special() -> None:
    assert of(reply_to="amq.rabbitmq.reply-to").special == REPLY_TO
    assert of(reply_to="amq.rabbitmq.reply-to.x").special == PLAIN


def test_a_user_is_the_login_or_nobody() -> None:
    assert of(user_id="me")
    with pytest.raises(Refused, match="user_id property set to '' but authenticated user was 'me'"):
        of(user_id="")


def test_caches_are_bounded() -> None:
    cache = TraitsCache("me")
    for number in range(3 * CACHE_MAX):
        cache.of(encode_header(0, {"expiration": str(number)}))
    assert len(cache._by_properties) <= CACHE_MAX
    assert len(cache._shared) <= CACHE_MAX


def test_properties_that_do_not_hold_up_are_refused_by_the_codec() -> None:
    with pytest.raises(AmqpError):
        TraitsCache("me").of(b"\0" * 13)


@pytest.mark.parametrize(("text", "ms"), [("0", 0), ("+5", 5), ("-0", 0), ("007", 7)])
def test_lives_as_numbers(text: str, ms: int) -> None:
    assert expiration_of(text) == ms


def _longest(text: str) -> Callable[[], int]:
    return lambda: expiration_of(text)


def test_a_life_has_an_end() -> None:
    assert expiration_of(str(EXPIRATION_MS_MAX)) == EXPIRATION_MS_MAX
    for text in (str(EXPIRATION_MS_MAX + 1), "", "-", "1.5", "\u0661"):
        with pytest.raises(Refused, match="invalid expiration"):
            _longest(text)()
