"""Tokens that are counted: what is refused, and when the good ones are, too."""

import pytest
from tests.doors.shared.amqp10.test_claims import KEY, token
from tests.fakes.node import FakePeer, World

from dragoman.doors.shared.grants import TOO_MANY, grant_of
from dragoman.security.guesses import GUESSES_MAX
from dragoman.security.sharedaccess import TokenRefused


class Asker:
    def __init__(self) -> None:
        world = World({"root": KEY})
        self.failed = world.node.failed
        self.session = world.broker.open(lambda _: None, None)  # type: ignore[arg-type,return-value]

    def ask(self, said: str, wanted: str = "sb://h/q") -> str:
        return grant_of(self.session, FakePeer(), said, lambda resource: resource == wanted).key


def test_a_good_token_is_read_and_one_for_something_else_is_not() -> None:
    asker = Asker()
    assert asker.ask(token()) == "root"
    with pytest.raises(TokenRefused, match="for another"):
        asker.ask(token(), "sb://h/other")
    assert asker.failed == [("SAS", "root")]


def test_no_token_at_all_is_no_guess() -> None:
    asker = Asker()
    for _ in range(2 * GUESSES_MAX):
        with pytest.raises(TokenRefused):
            asker.ask("")
    assert asker.ask(token()) == "root"


def test_after_too_many_bad_ones_the_good_are_refused_too() -> None:
    asker = Asker()
    for _ in range(GUESSES_MAX):
        with pytest.raises(TokenRefused):
            asker.ask("bad")
    with pytest.raises(TokenRefused, match=TOO_MANY):
        asker.ask(token())
    assert asker.failed[-2:] == [("SAS", ""), ("SAS", "root")]


def test_a_token_that_another_has_signed_opens_what_its_principal_may_use() -> None:
    asker = Asker()
    for said in ("ann until 9999999999999", "Bearer ann until 9999999999999"):
        assert asker.ask(said, "sb://anywhere/else") == "ann"
    with pytest.raises(TokenRefused, match="a known key"):
        asker.ask("Bearer ann until 1")
