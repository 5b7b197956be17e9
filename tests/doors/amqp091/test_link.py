import pytest
from tests.doors.amqp091.client import World

from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.link import OFFER, Link
from dragoman.kernel.api import DeclareRoute, RouteSettings


def link_of(world: World) -> Link:
    return world.connect().door._link


def test_the_offer_is_the_one_clients_know() -> None:
    assert OFFER == (2047, 131_072, 60)


def test_who_logged_in_is_who_messages_may_name() -> None:
    link = link_of(World())
    assert (link.principal, link.traits.user) == ("guest", "guest")


def test_exchanges_are_looked_up_before_the_first_publish() -> None:
    link = link_of(World())
    link.session.submit(DeclareRoute(name="inner", settings=RouteSettings(internal=True)))
    assert link.addresses.of(b"\x0aamq.direct\x01k").is_route
    with pytest.raises(Refused, match="no exchange 'nope' in vhost '/'"):
        link.addresses.of(b"\x04nope\x01k")
    with pytest.raises(Refused, match="cannot publish to internal exchange 'inner' in vhost '/'"):
        link.addresses.of(b"\x05inner\x01k")
