from dragoman.ports.outbound import Answered
from dragoman.push.counters import BOUNDS_MS, Counters


def test_answers_are_counted_by_class_and_by_how_long_they_took() -> None:
    counters = Counters()
    for status, elapsed_ms in ((200, 5), (204, 6), (503, 40_000)):
        counters.note(Answered(status, elapsed_ms=elapsed_ms))
    assert (counters.answered[2], counters.answered[5]) == (2, 1)
    assert (counters.latencies[0], counters.latencies[1], counters.latencies[-1]) == (1, 1, 1)
    assert counters.latency_ms_sum == 40_011
    assert len(counters.latencies) == len(BOUNDS_MS) + 1


def test_failures_are_counted_by_kind_and_say_nothing_of_latency() -> None:
    counters = Counters()
    counters.note(Answered(0, failure="refused"))
    assert counters.failed["refused"] == 1
    assert sum(counters.latencies) == sum(counters.answered) == 0
