import pytest
from tests.fakes.node import FakeNode

from dragoman.doors.shared.amqp10.sasl import LoginRefused, principal_of
from dragoman.security.guesses import GUESS_MS, GUESSES_MAX
from dragoman.wire.amqp10.performatives import SaslInit

NODE = FakeNode({"me": b"secret"})
HOST = "192.0.2.1"


@pytest.mark.parametrize("mechanism", ["ANONYMOUS", "MSSBCBS", "EXTERNAL"])
def test_some_say_nothing_of_who_they_are(mechanism: str) -> None:
    assert principal_of(SaslInit(mechanism, b"whatever"), NODE, HOST, 0) is None


def test_plain_names_a_user_and_his_password() -> None:
    assert principal_of(SaslInit("PLAIN", b"\0me\0secret"), NODE, HOST, 0) == "me"


@pytest.mark.parametrize("response", [None, b"", b"\0me\0wrong", b"me\0secret", b"\0\xff\0x"])
def test_anything_else_is_refused(response: bytes | None) -> None:
    with pytest.raises(LoginRefused):
        principal_of(SaslInit("PLAIN", response), NODE, HOST, 0)


def test_a_mechanism_that_was_not_offered_is_refused() -> None:
    with pytest.raises(LoginRefused):
        principal_of(SaslInit("SCRAM", b"\0me\0secret"), NODE, HOST, 0)


def test_whoever_has_failed_too_often_is_not_listened_to_for_a_while() -> None:
    node = FakeNode({"me": b"secret"})
    wrong, right = SaslInit("PLAIN", b"\0me\0wrong"), SaslInit("PLAIN", b"\0me\0secret")
    for _ in range(GUESSES_MAX):
        with pytest.raises(LoginRefused):
            principal_of(wrong, node, HOST, 0)
    with pytest.raises(LoginRefused):
        principal_of(right, node, HOST, 0)
    assert principal_of(right, node, "192.0.2.2", 0) == "me"
    assert principal_of(right, node, HOST, GUESS_MS) == "me"
