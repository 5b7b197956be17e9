import pytest

from dragoman.telemetry.counters import BUCKETS, GivenUp, Histogram, Meters


@pytest.mark.parametrize(
    ("duration_us", "bucket"),
    [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (1 << 21, 22), (1 << 22, 23), (1 << 40, 23)],
)
def test_a_duration_is_in_the_bucket_of_its_power_of_two(duration_us: int, bucket: int) -> None:
    histogram = Histogram()
    histogram.record(duration_us)
    assert histogram.buckets == [int(index == bucket) for index in range(BUCKETS)]
    assert (histogram.count, histogram.sum_us) == (1, duration_us)


def test_each_protocol_has_one_count() -> None:
    meters = Meters()
    meters.of("sqs").published += 2
    assert meters.of("sqs").published == 2
    assert meters.of("kafka").published == 0


def test_what_was_given_up_is_counted_by_reason() -> None:
    given_up = GivenUp()
    given_up.record("expired", 3, lettered=2)
    given_up.record("expired", 1, lettered=0)
    assert (given_up.all, given_up.lettered) == ({"expired": 4}, {"expired": 2})
