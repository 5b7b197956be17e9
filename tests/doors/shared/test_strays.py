"""Deliveries that come too late."""

from tests.fakes.node import Connection, FakeDoor, World

from dragoman.doors.shared.strays import give_back
from dragoman.kernel.api import Address, Consume, DeclareQueue, DeleteQueue, Delivery, Publish
from dragoman.model.levels import CANONICAL


class Stray:
    """A consumer that was handed a message, and another that waits."""

    def __init__(self) -> None:
        self.world = World()
        self.first, self.second = self.connect(), self.connect()
        self.first.session.submit(DeclareQueue(name="q"))
        self.consume(self.first)
        self.first.session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
        self.world.run()
        self.consume(self.second)

    def connect(self) -> Connection[FakeDoor]:
        return Connection(self.world, lambda session, peer: FakeDoor())

    def consume(self, connection: Connection[FakeDoor]) -> None:
        command = Consume(name="q", tag=object(), credit_max=5, lease_duration_ms=60_000)
        connection.session.submit(command)
        self.world.run()

    def delivery(self) -> Delivery:
        (delivery,) = self.first.door.deliveries
        return delivery


def test_one_that_is_given_back_is_somebody_elses_at_once() -> None:
    stray = Stray()
    give_back(stray.first.session, stray.delivery())
    stray.world.run()
    assert len(stray.second.door.deliveries) == 1
    assert len(stray.first.door.deliveries) == 1  # its consumer has ended


def test_one_whose_queue_is_gone_is_nobodys() -> None:
    stray = Stray()
    stray.second.session.submit(DeleteQueue(name="q"))
    give_back(stray.first.session, stray.delivery())
    stray.world.run()
    assert stray.second.door.deliveries == []
