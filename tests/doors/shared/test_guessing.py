"""Proofs that are counted: who is not asked for any, after too many that were wrong."""

from tests.fakes.node import Connection, FakeDoor, FakePeer, World

from dragoman.doors.shared.guessing import limited
from dragoman.security.guesses import GUESS_MS, GUESSES_MAX


def test_an_address_that_guessed_too_often_is_asked_for_no_proof_until_time_has_passed() -> None:
    world = World()
    session, peer = Connection(world, lambda session, peer: FakeDoor()).session, FakePeer()
    assert limited(session, peer, lambda: "ada") == "ada"
    for _ in range(GUESSES_MAX):
        assert limited(session, peer, lambda: None) is None
    assert limited(session, peer, lambda: "ada") is None
    world.advance(2 * GUESS_MS)
    assert limited(session, peer, lambda: "ada") == "ada"
