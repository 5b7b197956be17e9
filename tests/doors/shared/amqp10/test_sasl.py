import pytest
from tests.fakes.node import FakeDoor, FakePeer, FakeShell, World

from dragoman.doors.shared.amqp10.sasl import LoginRefused, principal_of
from dragoman.security.guesses import GUESS_MS, GUESSES_MAX
from dragoman.wire.amqp10.performatives import SaslInit

RIGHT = SaslInit("PLAIN", b"\0me\0secret")


def prove(init: SaslInit, world: World | None = None) -> str | None:
    world = world or World({"me": b"secret"})
    return principal_of(init, world.broker.open(lambda _: FakeDoor(), FakeShell()), FakePeer())


@pytest.mark.parametrize("mechanism", ["ANONYMOUS", "MSSBCBS", "EXTERNAL"])
def test_some_say_nothing_of_who_they_are(mechanism: str) -> None:
    assert prove(SaslInit(mechanism, b"whatever")) is None


def test_a_certificate_names_its_holder() -> None:
    session = World().broker.open(lambda _: FakeDoor(), FakeShell())
    peer = FakePeer()
    peer.certified = "ann"
    assert principal_of(SaslInit("EXTERNAL", b""), session, peer) == "ann"


def test_plain_names_a_user_and_his_password() -> None:
    assert prove(RIGHT) == "me"


@pytest.mark.parametrize("response", [None, b"", b"\0me\0wrong", b"me\0secret", b"\0\xff\0x"])
def test_anything_else_is_refused(response: bytes | None) -> None:
    world = World({"me": b"secret"})
    with pytest.raises(LoginRefused):
        prove(SaslInit("PLAIN", response), world)
    assert [mechanism for mechanism, _ in world.node.failed] == ["PLAIN"]
    assert "secret" not in str(world.node.failed)


def test_a_mechanism_that_was_not_offered_is_refused() -> None:
    world = World({"me": b"secret"})
    with pytest.raises(LoginRefused):
        prove(SaslInit("SCRAM", b"\0me\0secret"), world)
    assert world.node.failed == [("SCRAM", "")]


def test_whoever_has_failed_too_often_is_not_listened_to_for_a_while() -> None:
    world = World({"me": b"secret"})
    for _ in range(GUESSES_MAX):
        with pytest.raises(LoginRefused):
            prove(SaslInit("PLAIN", b"\0me\0wrong"), world)
    with pytest.raises(LoginRefused):
        prove(RIGHT, world)
    world.advance(GUESS_MS)
    assert prove(RIGHT, world) == "me"
