import pytest

from dragoman.doors.shared.amqp10.profile import Handout, Intake, Refused
from dragoman.kernel.api import Address, Block, Publish
from dragoman.wire.amqp10.messaging import ACCEPTED, RELEASED


def test_an_intake_is_a_command_or_an_outcome() -> None:
    command = Publish("default", Address("q"), 8, [b""])
    assert Intake(1, command).unrouted == RELEASED and Intake(2, None, ACCEPTED).state == ACCEPTED
    for pair in ((command, ACCEPTED), (None, None)):
        with pytest.raises(AssertionError):
            Intake(1, *pair)


def test_a_handout_is_as_long_as_its_entries() -> None:
    handout = Handout(Block(10, 20, 8, None, 0), 0, 12, [b"a", b"b"], None)
    assert (handout.start, handout.end, handout.fails) == (12, 14, None)


def test_a_refusal_is_an_error_of_the_protocol() -> None:
    assert Refused("amqp:not-found", "no such node").error.condition == "amqp:not-found"
