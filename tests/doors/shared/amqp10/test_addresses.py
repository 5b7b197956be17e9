import pytest

from dragoman.doors.shared.amqp10.addresses import covers, host_of, is_of_host, path_of, segments_of


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("orders", "orders"),
        ("amqps://host:5671/orders", "orders"),
        ("sb://host/topic/Subscriptions/s", "topic/Subscriptions/s"),
        ("/queues/orders", "/queues/orders"),
        ("amqp://host", ""),
    ],
)
def test_a_url_before_the_path_is_left_out(address: str, path: str) -> None:
    assert path_of(address) == path


def test_segments_are_percent_decoded() -> None:
    assert segments_of("/queues/a%2Fb%20c") == ["queues", "a/b c"]


@pytest.mark.parametrize(
    ("audience", "address", "expected"),
    [
        ("sb://h/orders", "amqps://h:5671/orders", True),
        ("sb://h/Orders/", "orders", True),
        ("sb://h/orders", "orders/$management", True),
        ("sb://h/", "orders", True),
        ("sb://h/orders", "orders2", False),
        ("sb://h/orders/sub", "orders", False),
    ],
)
def test_a_claim_opens_its_path_and_what_is_below(
    audience: str, address: str, expected: bool
) -> None:
    assert covers(audience, address) is expected


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("sb://H:5672/q", "h"),
        ("amqps://user@h/q", "h"),
        ("https://[::1]:443/q", "[::1]"),
        ("/q", ""),
        ("q", ""),
    ],
)
def test_the_host_of_an_address_is_told_without_its_port(address: str, host: str) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("resource", "said", "expected"),
    [
        ("https://h/q", b"h", True),
        ("https://H:5300/q", b"h:8080", True),
        ("https://[::1]/q", b"[::1]:5300", True),
        ("q", b"h", True),
        ("https://elsewhere/q", b"h", False),
        ("https://h/q", None, False),
        ("https://h/q", b"h@elsewhere", False),
    ],
)
def test_a_resource_is_of_the_host_that_it_names(
    resource: str, said: bytes | None, *, expected: bool
) -> None:
    assert is_of_host(resource, said) is expected
