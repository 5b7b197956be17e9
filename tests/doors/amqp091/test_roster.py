"""Who is connected."""

from tests.doors.amqp091.management.client import Manager


def test_a_connection_is_listed_from_its_open_ok_until_it_is_lost() -> None:
    manager = Manager()
    client = manager.amqp(channel=3)
    (one,) = manager.roster
    assert one.name == "10.0.0.2:50000 -> 10.0.0.1:5672"
    assert [channel.number for channel in one.open_channels()] == [3]
    client.close()
    assert list(manager.roster) == []
