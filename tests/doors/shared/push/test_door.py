import pytest
from tests.doors.shared.push.pushing import URL, Pushing

from dragoman.doors.shared.push import door as module
from dragoman.doors.shared.push.renderer import Plan
from dragoman.kernel.api import Consume


def test_every_pushed_subscription_gets_every_message() -> None:
    pushing = Pushing()
    pushing.subscribe("a")
    pushing.subscribe("b")
    pushing.publish(b"one")
    urls = sorted(request.url for request, _ in pushing.outbound.under_way)
    assert urls == [URL + "a", URL + "b"]


def test_one_that_goes_nowhere_yet_keeps_its_messages_until_it_does() -> None:
    pushing = Pushing()
    pushing.face.plans["all"] = None
    pushing.subscribe()
    pushing.publish(b"one")
    assert pushing.counts() == (1, 0)
    pushing.face.plans["all"] = Plan(URL)
    pushing.refresh()
    assert pushing.outbound.bodies == [b"one"]


def test_one_that_is_pushed_no_more_is_left_alone_and_what_is_under_way_settled() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one")
    pushing.alter(push="")
    pushing.publish(b"two")
    assert pushing.counts() == (1, 1)
    assert not pushing.door.is_idle
    pushing.answer(200)
    assert pushing.counts() == (1, 0)
    assert pushing.door.is_idle
    pushing.alter(push="fake")
    assert pushing.outbound.bodies == [b"two"]


def test_what_gathers_is_given_back_when_pushing_ends() -> None:
    pushing = Pushing()
    pushing.outbound.rooms[URL + "all"] = 1
    pushing.face.plans["all"] = Plan(URL + "all", count_max=2)
    pushing.subscribe()
    pushing.publish(b"one")
    pushing.publish(b"two")
    assert pushing.counts() == (0, 2)
    pushing.alter(push="")
    assert pushing.counts() == (1, 1)


def test_changed_settings_hold_from_the_next_request() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.face.plans["all"] = Plan(URL + "all", count_max=2)
    pushing.alter(push="fake", notes={"batch": "2"})
    pushing.publish(b"one", b"two")
    assert pushing.outbound.bodies == [b"one,two"]


def test_a_deleted_subscription_is_forgotten_and_late_answers_are_nobodys() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one")
    pushing.unsubscribe()
    pushing.answer(200)
    assert pushing.door.is_idle
    pushing.subscribe()
    pushing.publish(b"two")
    assert pushing.outbound.bodies == [b"two"]


def test_one_that_another_reader_has_for_itself_is_asked_again_later() -> None:
    pushing = Pushing()
    pushing.face.plans["all"] = None
    pushing.subscribe()
    reader = pushing.node.connect()
    reader.submit(Consume(name="events", subscription="all", exclusive=True))
    pushing.face.plans["all"] = Plan(URL)
    pushing.refresh()
    pushing.publish(b"one")
    assert pushing.outbound.bodies == []
    pushing.node.broker.close(reader)
    pushing.refresh()
    assert pushing.outbound.bodies == [b"one"]


def test_a_fault_in_planning_costs_that_subscription_alone() -> None:
    pushing = Pushing()

    class Broken(dict[str, Plan | None]):
        def get(self, name: str, default: object = None) -> object:  # type: ignore[override]
            if name == "bad":
                raise RuntimeError("a fault of the face")
            return default

    pushing.face.plans = Broken()
    pushing.subscribe("bad")
    pushing.subscribe("good")
    pushing.publish(b"one")
    assert [request.url for request, _ in pushing.outbound.under_way] == [URL + "good"]
    assert pushing.faults


def test_a_door_that_is_shut_takes_nothing_more_and_settles_what_it_has() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one")
    pushing.door.shut("leaving")
    pushing.publish(b"two")
    assert pushing.outbound.bodies == [b"one"]
    pushing.answer(200)
    assert pushing.door.is_idle
    assert pushing.counts() == (1, 0)


def test_what_was_under_way_when_the_node_died_is_sent_again_by_the_next() -> None:
    pushing = Pushing()
    pushing.subscribe()
    pushing.publish(b"one", b"two")
    pushing.answer(200)
    again = Pushing(pushing.engine)
    assert again.outbound.bodies == [b"two"]


def test_a_door_has_nothing_to_say_to_a_peer() -> None:
    door = Pushing().door
    door.receive(b"anything")
    door.answered(1, None)
    door.tick()
    door.lost()
    assert (door.data_to_send(), door.next_tick_ms()) == ((), None)
    assert (door.is_full(), door.is_closing()) == (False, False)


def test_a_large_set_that_changes_is_gone_through_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOOKED_AT_PER_MS", 1)
    pushing = Pushing()
    pushing.subscribe("a")
    pushing.subscribe("b")
    pushing.publish(b"one")
    assert [request.url for request, _ in pushing.outbound.under_way] == [URL + "a"]
    pushing.pass_ms(1)
    assert [request.url for request, _ in pushing.outbound.under_way] == [URL + "a", URL + "b"]
