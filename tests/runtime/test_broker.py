"""The turn: who is told what, and when the next one begins."""

from tests.runtime.engine import Engine
from tests.runtime.node import ack, declare, publish

from dragoman.kernel.commands import Cancel, Consume
from dragoman.kernel.leases.lease import Delivery


def test_a_door_that_settles_while_it_is_told_is_handed_more_without_anything_else_happening() -> (
    None
):
    node = Engine().start()
    session = node.connect()
    declare(session, "orders")
    publish(session, "orders", *[b"%d" % number for number in range(10)])
    session.submit(Consume(name="orders", credit_max=2))
    seen: list[bytes] = []

    def deliver(deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            seen.extend(delivery.bodies)
            ack(session, delivery)

    session.door.deliver = deliver  # type: ignore[method-assign]
    node.turn()
    assert seen == [b"%d" % number for number in range(10)]


def test_a_receiver_that_parks_again_while_it_is_told_is_told_again() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "orders")
    seen: list[bytes] = []

    def deliver(deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            seen.extend(delivery.bodies)
            session.submit(Cancel(holder=delivery.holder.id))
            session.submit(park)

    park = Consume(name="orders", credit_max=1, lease_duration_ms=1_000)
    session.door.deliver = deliver  # type: ignore[method-assign]
    session.submit(park)
    publish(session, "orders", b"1", b"2", b"3")
    node.turn()
    assert seen == [b"1", b"2", b"3"]
