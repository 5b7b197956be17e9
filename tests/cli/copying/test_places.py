"""Addresses of ends."""

import pytest

from dragoman.cli.copying.places import open_reader, place_of
from dragoman.cli.errors import CommandError
from dragoman.testing.clock import MovableClock


def test_an_address_is_taken_apart() -> None:
    place = place_of("amqp://me:p%40ss@host:5673/my/vhost/orders%20x?exchange=e")
    assert (place.scheme, place.user, place.password) == ("amqp", "me", "p@ss")
    assert (place.host, place.port, place.servers) == ("host", 5673, "host:5673")
    assert (place.path, place.name, place.options) == ("my/vhost", "orders x", {"exchange": "e"})
    assert place.login == "me:p%40ss@"


def test_there_may_be_several_servers_or_a_region_or_an_address_of_ipv6() -> None:
    assert place_of("kafka://a:1,b:2/t").servers == "a:1,b:2"
    assert place_of("kafka://a:1,b:2/t").port == 1
    sqs = place_of("sqs://eu-west-1/q")
    assert (sqs.host, sqs.port, sqs.user) == ("eu-west-1", None, None)
    six = place_of("kafka://[::1]:9092/t")
    assert (six.host, six.port) == ("::1", 9092)


def test_an_address_is_shown_without_its_password() -> None:
    assert str(place_of("kafka://me:secret@h:1/t")) == "kafka://me:***@h:1/t"
    with pytest.raises(CommandError) as caught:
        place_of("redis://me:secret@h:1/t")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["orders", "kafka://", "kafka://h", "kafka:///t", "redis://h/t"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(CommandError, match="expected"):
        place_of(url)


def test_an_option_that_an_end_does_not_have_is_refused() -> None:
    for url in ("sqs://h:1/q?x=1", "amqp://h/q?x=1", "pubsub://h:1/p/t?x=1"):
        with pytest.raises(CommandError, match="no option x"):
            open_reader(place_of(url), MovableClock(), looks=False)
