import pytest

from dragoman.doors.eventhubs.addresses import is_management, origin_of, target_of


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("h", ("h", "", "")),
        ("amqps://ns.servicebus.windows.net:5671/h", ("h", "", "")),
        ("/h/partitions/3/", ("h", "3", "")),
        ("sb://x/h/Publishers/me", ("h", "", "me")),
    ],
)
def test_where_events_are_sent(address: str, said: tuple[str, str, str]) -> None:
    found = target_of(address)
    assert found is not None
    assert (found.hub, found.partition, found.publisher) == said
    assert found.is_plain == (not (said[1] or said[2]))


@pytest.mark.parametrize(
    "address",
    ["", "/", "h/Partitions/", "h/Publishers", "h/x/y", "h/ConsumerGroups/g/Partitions/0"],
)
def test_where_they_are_not(address: str) -> None:
    assert target_of(address) is None


def test_where_events_come_from() -> None:
    found = origin_of("amqps://x/h/consumergroups/$Default/PARTITIONS/0")
    assert found is not None
    assert (found.hub, found.group, found.partition) == ("h", "$Default", "0")
    for address in (
        "h",
        "h/Partitions/0",
        "h/ConsumerGroups/g",
        "a/b/ConsumerGroups/g/Partitions/0",
    ):
        assert origin_of(address) is None


def test_requests_have_an_address_of_their_own() -> None:
    assert is_management("$management")
    assert is_management("amqps://x/$Management")
    assert not is_management("q/$management")
