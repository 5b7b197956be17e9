"""Rates out of two looks."""

from dragoman.doors.amqp091.management.rates import (
    KEYS_MAX,
    LAPSE_MS,
    SAMPLE_MS,
    Rates,
    delivery_counts,
)
from dragoman.telemetry.counters import Handled


def rate(rates: Rates, count: int, now_ms: int, key: str = "q") -> float:
    told = rates.details(key, {"n": count}, now_ms)
    assert told["n"] == count
    found: float = told["n_details"]["rate"]
    return found


def test_a_rate_is_what_came_since_the_look_before() -> None:
    rates = Rates()
    assert rate(rates, 100, 0) == 0.0
    assert rate(rates, 110, 1_000) == 10.0
    assert rate(rates, 150, SAMPLE_MS) == 10.0
    assert rate(rates, 150, 2 * SAMPLE_MS) == 0.0
    assert rate(rates, 50, 3 * SAMPLE_MS) == -20.0
    assert rate(rates, 9, 0, "other") == 0.0


def test_who_asks_after_a_long_time_begins_anew() -> None:
    rates = Rates()
    rate(rates, 0, 0)
    assert rate(rates, 1_000, LAPSE_MS + 1) == 0.0
    assert rate(rates, 1_005, LAPSE_MS + 1 + SAMPLE_MS) == 1.0


def test_what_was_not_told_when_it_was_looked_at_was_nothing_then() -> None:
    rates = Rates()
    assert rates.details("q", {}, 0) == {}
    assert rate(rates, 5, SAMPLE_MS) == 1.0


def test_a_queue_tells_what_was_handed_out_in_four_ways() -> None:
    handled = Handled()
    handled.delivered, handled.delivered_no_ack, handled.got, handled.got_no_ack = 1, 2, 4, 8
    assert delivery_counts(handled)["deliver_get"] == 15


def test_no_more_than_so_many_are_remembered() -> None:
    rates = Rates()
    for number in range(KEYS_MAX + 1):
        rate(rates, 0, 0, str(number))
    assert rate(rates, 5, SAMPLE_MS, "1") == 1.0
    assert rate(rates, 5, SAMPLE_MS, "0") == 0.0
