"""Deleting without receiving."""

from tests.doors.servicebus.client import World
from tests.doors.servicebus.test_profile import filled
from tests.doors.shared.amqp10.client import message

from dragoman.doors.servicebus.deleting import DELETED_MAX
from dragoman.kernel.api import Address, Publish
from dragoman.model.levels import AMQP10
from dragoman.wire.amqp10.sections import pack_entry, slice_message
from dragoman.wire.amqp10.values import Int, Timestamp


def test_the_oldest_go_as_many_and_as_old_as_is_said() -> None:
    world, client = filled(b"1", b"2", b"3")
    then = world.clock.now_ms
    world.advance(1_000)
    client.sender("q", 5)
    client.send(message(b"4"), handle=5)
    client.heard()
    asked = {"message-count": Int(2), "enqueued-time-utc": Timestamp(then)}
    assert client.ask("batch-delete-messages", asked) == (200, {"message-count": 2})
    assert client.ask("batch-delete-messages", asked) == (200, {"message-count": 1})
    assert client.ask("batch-delete-messages", asked)[0] == 204
    assert world.info().ready == 1


def test_what_somebody_holds_stays() -> None:
    world, client = filled(b"1", b"2")
    client.receiver(credit=1)
    client.heard()
    asked = {"message-count": Int(9), "enqueued-time-utc": Timestamp(world.clock.now_ms)}
    assert client.ask("batch-delete-messages", asked) == (200, {"message-count": 1})
    assert (world.info().ready, world.info().leased) == (0, 1)


def test_a_request_deletes_no_more_than_there_may_be() -> None:
    world, client = filled()
    entry = pack_entry(slice_message(message(b"x")))
    stored = Publish("default", Address("q"), AMQP10, [entry] * (DELETED_MAX + 500))
    client.session.publish(stored)
    world.run()
    asked = {"message-count": Int(9_999), "enqueued-time-utc": Timestamp(world.clock.now_ms)}
    assert client.ask("batch-delete-messages", asked) == (200, {"message-count": DELETED_MAX})
    assert world.info().ready == 500


def test_sessions_and_requests_that_make_no_sense_are_refused() -> None:
    world = World()
    world.queue(order="session")
    client = world.azure()
    assert client.ask("batch-delete-messages", {"message-count": Int(1)})[0] == 400
    _, client = filled()
    assert client.ask("batch-delete-messages", {"message-count": Int(1)})[0] == 400
