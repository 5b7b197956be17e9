import pytest

from dragoman.doors.amqp10.addresses import address_of, queue_of
from dragoman.doors.shared.amqp10.profile import Refused
from dragoman.kernel.api import Address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/queues/a%2Fb", Address("a/b")),
        ("/exchanges/x/k%20y", Address("x", "k y", is_route=True)),
        ("/exchanges/x", Address("x", "", is_route=True)),
        ("orders", Address("orders")),
        ("amqp://host/orders", Address("orders")),
        ("queue://orders", Address("orders")),
    ],
)
def test_an_address_is_a_queue_or_a_route(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["/", "/queues", "/queues/", "/topics/x", "/exchanges/a/b/c"])
def test_anything_else_behind_a_slash_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        address_of(text)


def test_nothing_is_received_from_an_exchange() -> None:
    with pytest.raises(Refused):
        queue_of("/exchanges/x/k")
