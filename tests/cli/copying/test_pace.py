"""--rate."""

from tests.fakes.node import ManualClock

from dragoman.cli.copying.ends import BATCH_MAX
from dragoman.cli.copying.pace import Pace


def paced(rate: float) -> tuple[Pace, ManualClock, list[float]]:
    clock, waits = ManualClock(), list[float]()

    def wait(seconds: float) -> None:
        waits.append(round(seconds, 3))
        clock.now_ms += round(seconds * 1000)

    return Pace(rate, clock, wait), clock, waits


def test_without_a_rate_nobody_waits() -> None:
    pace, _, waits = paced(0)
    for _ in range(3):
        pace.spend(BATCH_MAX)
    assert pace.batch_max == BATCH_MAX
    assert waits == []


def test_a_batch_waits_until_those_before_are_paid_for() -> None:
    pace, _, waits = paced(100)
    assert pace.batch_max == 10
    for _ in range(3):
        pace.spend(10)
    assert waits == [0.1, 0.1]


def test_time_that_passes_anyway_counts() -> None:
    pace, clock, waits = paced(100)
    pace.spend(10)
    clock.now_ms += 60
    pace.spend(10)
    clock.now_ms += 10_000
    pace.spend(10)
    assert waits == [0.04]


def test_a_rate_below_one_message_a_second_goes_message_by_message() -> None:
    pace, _, waits = paced(0.5)
    assert pace.batch_max == 1
    pace.spend(1)
    pace.spend(1)
    assert waits == [2.0]
