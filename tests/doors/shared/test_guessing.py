"""Proofs that are counted: who is not asked for any, after too many that were wrong."""

from tests.fakes.node import Connection, FakeDoor, FakePeer, World

from dragoman.doors.shared.guessing import limited
from dragoman.security.guesses import GUESS_MS, GUESSES_MAX


def test_an_address_that_guessed_too_often_is_asked_for_no_proof_until_time_has_passed() -> None:
    world = World()
    session, peer = Connection(world, lambda session, peer: FakeDoor()).session, FakePeer()

    def ask(who: str | None) -> str | None:
        return limited(session, peer, "PLAIN", "ada", lambda: who)

    assert ask("ada") == "ada"
    assert world.node.failed == []
    for _ in range(GUESSES_MAX):
        assert ask(None) is None
    assert ask("ada") is None
    assert world.node.failed == [("PLAIN", "ada")] * (GUESSES_MAX + 1)
    world.advance(2 * GUESS_MS)
    assert ask("ada") == "ada"
