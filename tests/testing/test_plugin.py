import pytest

from dragoman.testing import RunningBroker


def test_the_fixture_is_a_broker_that_serves_and_whose_clock_moves(
    dragoman: RunningBroker,
) -> None:
    before_ms = dragoman.clock.wall_ms()
    dragoman.clock.advance(30)
    assert dragoman.clock.wall_ms() >= before_ms + 30_000
    assert dragoman.kafka.port > 0


def test_it_is_the_same_one_for_the_whole_run(
    dragoman: RunningBroker, request: pytest.FixtureRequest
) -> None:
    assert request.getfixturevalue("dragoman") is dragoman
