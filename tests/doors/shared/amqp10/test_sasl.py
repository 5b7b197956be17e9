import pytest
from tests.fakes.node import FakeNode

from dragoman.doors.shared.amqp10.sasl import LoginRefused, principal_of
from dragoman.wire.amqp10.performatives import SaslInit

NODE = FakeNode({"me": b"secret"})


@pytest.mark.parametrize("mechanism", ["ANONYMOUS", "MSSBCBS", "EXTERNAL"])
def test_some_say_nothing_of_who_they_are(mechanism: str) -> None:
    assert principal_of(SaslInit(mechanism, b"whatever"), NODE) is None


def test_plain_names_a_user_and_his_password() -> None:
    assert principal_of(SaslInit("PLAIN", b"\0me\0secret"), NODE) == "me"


@pytest.mark.parametrize("response", [None, b"", b"\0me\0wrong", b"me\0secret", b"\0\xff\0x"])
def test_anything_else_is_refused(response: bytes | None) -> None:
    with pytest.raises(LoginRefused):
        principal_of(SaslInit("PLAIN", response), NODE)


def test_a_mechanism_that_was_not_offered_is_refused() -> None:
    with pytest.raises(LoginRefused):
        principal_of(SaslInit("SCRAM", b"\0me\0secret"), NODE)
