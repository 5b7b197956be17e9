import pytest
from tests.doors.amqp091.client import raw_key

from dragoman.doors.amqp091.addresses import CACHE_MAX, Addresses
from dragoman.doors.amqp091.errors import Refused
from dragoman.kernel.api import Address
from dragoman.wire.amqp091.errors import AmqpError


class Checked:
    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, name: str, key: str) -> None:
        self.names.append(name)
        if name == "bad":
            raise Refused(404, name)


def test_the_default_exchange_is_the_queue_itself_and_any_other_a_route() -> None:
    checked = Checked()
    addresses = Addresses(checked)
    assert addresses.of(raw_key("", "q")) == Address("q")
    assert addresses.of(raw_key("e", "k")) == Address("e", "k", is_route=True)
    assert checked.names == ["e"]


def test_an_exchange_is_checked_once_until_exchanges_change() -> None:
    checked = Checked()
    addresses = Addresses(checked)
    for _ in range(2):
        addresses.of(raw_key("e", "k"))
    addresses.clear()
    addresses.of(raw_key("e", "k"))
    assert checked.names == ["e", "e"]


def test_a_refusal_is_not_remembered() -> None:
    checked = Checked()
    addresses = Addresses(checked)
    for _ in range(2):
        with pytest.raises(Refused):
            addresses.of(raw_key("bad", "k"))
    assert len(checked.names) == 2


def test_names_that_are_not_text_are_refused_by_the_codecs_error() -> None:
    with pytest.raises(AmqpError):
        Addresses(Checked()).of(b"\x01\xff\x00")


def test_the_cache_is_bounded() -> None:
    addresses = Addresses(Checked())
    for number in range(CACHE_MAX + 10):
        addresses.of(raw_key("", f"q{number}"))
    assert len(addresses._known) <= CACHE_MAX
