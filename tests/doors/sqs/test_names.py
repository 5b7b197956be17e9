"""URLs, ARNs and accounts."""

import pytest

from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import (
    ACCOUNT,
    Place,
    account_of,
    arn,
    check_account,
    check_name,
    namespace_of,
    place_of,
    read_arn,
)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://localhost:4566/000000000000/orders", Place(ACCOUNT, "orders")),
        (
            "https://sqs.eu-west-1.amazonaws.com/123456789012/orders",
            Place("123456789012", "orders"),
        ),
        ("http://localhost:9324/queue/orders", Place(ACCOUNT, "orders")),
        ("http://h:1/queue/eu-west-1/123456789012/a.fifo", Place("123456789012", "a.fifo")),
        ("/123456789012/orders", Place("123456789012", "orders")),
        ("orders", Place(ACCOUNT, "orders")),
        ("http://h/000000000000/a%2Fb", Place(ACCOUNT, "a/b")),
        ("http://h/000000000000/orders?x=1", Place(ACCOUNT, "orders")),
        ("http://h/12345/orders/", Place(ACCOUNT, "orders")),
    ],
)
def test_a_url_means_a_queue(url: str, place: Place) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize("url", ["", "/", "http://h", "http://h/", "x" * 2_000])
def test_what_means_no_queue(url: str) -> None:
    with pytest.raises(Refused) as refused:
        place_of(url)
    assert refused.value.error.code == "AWS.SimpleQueueService.NonExistentQueue"


@pytest.mark.parametrize("name", ["a", "A-b_9", "x" * 80, "x" * 75 + ".fifo"])
def test_names_that_queues_may_have(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a b", "x" * 81, "a.b", ".fifo", "x" * 76 + ".fifo", "é", "a\n"]
)
def test_names_that_queues_may_not_have(name: str) -> None:
    with pytest.raises(Refused):
        check_name(name)


def test_an_account_is_a_namespace() -> None:
    assert namespace_of(ACCOUNT) == "default"
    assert namespace_of("123456789012") == Place("123456789012", "q").namespace == "123456789012"
    assert (account_of("123456789012"), account_of("AKIA"), account_of("")) == (
        "123456789012",
        ACCOUNT,
        ACCOUNT,
    )
    assert check_account("123456789012") == "123456789012"
    with pytest.raises(Refused):
        check_account("1")


def test_an_arn_is_written_and_read() -> None:
    place = Place("123456789012", "orders")
    assert arn(place, "eu-west-1") == "arn:aws:sqs:eu-west-1:123456789012:orders"
    assert read_arn(arn(place, "eu-west-1")) == place
    for text in (
        "",
        "orders",
        "arn:aws:sns:r:123456789012:orders",
        "arn:aws:sqs:r:1:orders",
        "arn:aws:sqs:r:123456789012:",
    ):
        assert read_arn(text) is None
