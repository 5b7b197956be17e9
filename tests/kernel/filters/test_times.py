from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.filters.times import (
    DURATION_NS_MAX,
    NS,
    TIMESTAMP_NS_MAX,
    TIMESTAMP_NS_MIN,
    Duration,
    Timestamp,
    duration_part,
    read_duration,
    read_timestamp,
    read_zone,
    timestamp_part,
)


@given(st.integers(TIMESTAMP_NS_MIN, TIMESTAMP_NS_MAX))
def test_a_timestamp_is_read_back_as_it_is_spelled(ns: int) -> None:
    assert read_timestamp(str(Timestamp(ns))) == Timestamp(ns)


@given(st.integers(-DURATION_NS_MAX, DURATION_NS_MAX))
def test_a_duration_is_read_back_as_it_is_spelled(ns: int) -> None:
    assert read_duration(str(Duration(ns))) == Duration(ns)


def test_they_are_spelled_as_protobuf_does() -> None:
    assert str(read_timestamp("2020-02-29T12:00:00.5+02:00")) == "2020-02-29T10:00:00.500Z"
    assert str(read_timestamp("2016-12-31T23:59:60Z")) == "2017-01-01T00:00:00Z"
    assert str(Timestamp(TIMESTAMP_NS_MIN)) == "0001-01-01T00:00:00Z"
    assert str(Duration(-1_500_000_000)) == "-1.500s"
    assert str(Duration(1)) == "0.000000001s"
    assert repr(Duration(NS)) == 'duration("1s")'


@pytest.mark.parametrize(
    "text", ["1h30m", "90m", "5400s", "1.5h", "+5400000ms", "5400000000us", "5399s1s"]
)
def test_units_add_up(text: str) -> None:
    assert read_duration(text) == Duration(5400 * NS)


@pytest.mark.parametrize(
    "text", ["", "-", "1", "1d", "1 h", "1e3s", "inf", "1m-1s", "9" * 30 + "h", "1µs"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        read_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "2020-01-01", "2020-01-01T00:00:00", "2020-02-30T00:00:00Z", "2020-01-01T24:00:00Z", "2020-01-01T00:00:00+24:00",
        "0001-01-01T00:00:00+01:00", "٢٠٢٠-01-01T00:00:00Z", "2020-01-01T00:00:00." + "1" * 200 + "Z",
    ],
)  # fmt: skip
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_timestamp(text)


def test_parts_are_of_a_time_zone() -> None:
    at = read_timestamp("2020-03-01T04:30:15.25Z")
    assert [timestamp_part(name, at) for name in ("getFullYear", "getMonth", "getDate")] == [
        2020,
        2,
        1,
    ]
    assert timestamp_part("getDayOfYear", at) == 60
    assert timestamp_part("getDayOfWeek", at) == 0
    assert timestamp_part("getMilliseconds", at) == 250
    west = read_zone("-05:30")
    assert [
        timestamp_part(name, at, west) for name in ("getDayOfMonth", "getHours", "getMinutes")
    ] == [28, 23, 0]
    assert timestamp_part("getHours", at, read_zone("America/New_York")) == 23
    assert read_zone("") is UTC
    for name in ("Nowhere", "../etc/passwd", "a" * 1000, "\0"):
        with pytest.raises(ValueError, match="no time zone"):
            read_zone(name)


def test_a_duration_is_all_of_it_in_a_unit() -> None:
    span = read_duration("-90m30.5s")
    assert duration_part("getHours", span) == -1
    assert duration_part("getMinutes", span) == -90
    assert duration_part("getMilliseconds", span) == -500


def test_both_have_an_order_and_ends() -> None:
    assert Timestamp(1) < Timestamp(2) <= Timestamp(2)
    assert Duration(1) < Duration(2) <= Duration(2)
    assert Timestamp(1) != Duration(1)
    assert len({Duration(1), Duration(1), Timestamp(1)}) == 2
    with pytest.raises(ValueError, match="range"):
        Timestamp(TIMESTAMP_NS_MAX + 1)
    with pytest.raises(ValueError, match="range"):
        Duration(DURATION_NS_MAX + 1)
