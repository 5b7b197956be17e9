"""Deleting without receiving."""

from tests.doors.servicebus.test_profile import filled, session
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


def test_of_sessions_the_named_one_is_emptied_by_who_has_it_and_without_a_name_all_are() -> None:
    world, client = filled(order="session")
    client.send(*[message(b"%d" % at, group_id="ab"[at % 2]) for at in range(6)])
    client.attach(session("a"))
    now = Timestamp(world.clock.now_ms)
    asked = {"message-count": Int(2), "enqueued-time-utc": now}
    assert client.ask("batch-delete-messages", {**asked, "session-id": "a"})[1] == {
        "message-count": 2
    }
    other = client.ask("batch-delete-messages", {**asked, "session-id": "b"})
    assert other == (410, "com.microsoft:session-lock-lost")
    assert world.info().ready == 4
    asked["message-count"] = Int(100)
    assert client.ask("batch-delete-messages", {**asked, "session-id": "a"})[1] == {
        "message-count": 1
    }
    assert client.ask("batch-delete-messages", {**asked, "session-id": "a"})[0] == 204
    assert client.ask("batch-delete-messages", asked)[1] == {"message-count": 3}
    assert world.info().ready == 0


def test_requests_that_make_no_sense_are_refused() -> None:
    _, client = filled()
    assert client.ask("batch-delete-messages", {"message-count": Int(1)})[0] == 400
    asked = {"enqueued-time-utc": Timestamp(0), "session-id": "a"}
    assert client.ask("batch-delete-messages", asked)[0] == 410
