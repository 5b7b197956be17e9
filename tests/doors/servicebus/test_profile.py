"""Entities and what becomes of their messages, as the SDKs' frames have it."""

from typing import Any

import pytest
from tests.doors.servicebus.client import LEASE_MS, Client, World
from tests.doors.shared.amqp10.client import message, message_of
from tests.wire.amqp10.peer import Frame

from dragoman.doors.servicebus.definitions import forwarding
from dragoman.doors.servicebus.sessions import ticks_of
from dragoman.formats.amqp10 import section
from dragoman.kernel.api import CreateSubscription, SubscriptionSettings
from dragoman.kernel.commands import CreateStream
from dragoman.kernel.leases import revising
from dragoman.model.message import Typed
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    RELEASED,
    Coordinator,
    Declare,
    Discharge,
    Modified,
    Rejected,
    Source,
    TransactionalState,
)
from dragoman.wire.amqp10.performatives import Attach, Detach, Disposition, Transfer
from dragoman.wire.amqp10.sections import slice_message
from dragoman.wire.amqp10.values import Int, Symbol, UInt

FILTER = Symbol("com.microsoft:session-filter")


def filled(*bodies: bytes, **settings: Any) -> tuple[World, Client]:
    world = World()
    world.queue(**settings)
    client = world.azure()
    client.sender()
    client.send(*[message(body) for body in bodies])
    client.heard()
    return world, client


def annotations_of(frame: Frame) -> dict[str, object]:
    found = slice_message(frame.payload)
    known: dict[str, object] = section(frame.payload, found.annotations, found.properties, dict)
    return known


def session(key: object, wait_ms: int = 1_000) -> Attach:
    return Attach(
        "r",
        1,
        True,
        source=Source("q", filter={FILTER: key}),
        properties={Symbol("com.microsoft:timeout"): UInt(wait_ms)},
    )


def test_a_delivery_says_number_time_and_lock() -> None:
    world, client = filled(b"x")
    client.receiver()
    (frame,) = client.transfers()
    assert annotations_of(frame) == {
        "x-opt-sequence-number": 1,
        "x-opt-enqueued-time": world.clock.now_ms,
        "x-opt-locked-until": world.clock.now_ms + LEASE_MS,
    }
    assert len(frame.body.delivery_tag) == 16


def test_a_lock_runs_to_its_end_though_its_link_closes() -> None:
    world, client = filled(b"x", lease_duration_ms=1_000)
    client.receiver()
    client.say(Detach(1, True))
    assert world.info().leased == 1
    world.advance(1_000)
    assert world.info().ready == 1


@pytest.mark.parametrize(
    ("state", "count"), [(Modified(True, False), b"\x52\x01"), (RELEASED, b"\x43")]
)
def test_abandoned_counts_and_released_does_not(state: object, count: bytes) -> None:
    _, client = filled(b"x")
    client.receiver()
    first = client.transfers()[0].body.delivery_id
    client.settle(first, state=state)
    (again,) = client.transfers()
    assert count in again.payload[:16]


def test_after_so_many_deliveries_it_is_a_dead_letter_with_the_services_reason() -> None:
    _, client = filled(b"x", attempts_max=2)
    client.receiver()
    for _ in range(2):
        client.settle(client.transfers()[0].body.delivery_id, state=Modified(True))
    client.receiver("q/$DeadLetterQueue", 2)
    (frame,) = client.transfers()
    headers = dict(message_of(frame.payload).headers)
    assert headers["DeadLetterReason"] == "MaxDeliveryCountExceeded"
    assert annotations_of(frame)["x-opt-deadletter-source"] == "q"


@pytest.mark.parametrize("settled", [True, False])
def test_a_dead_letter_has_its_readers_reason_and_the_echo_is_no_error(settled: bool) -> None:
    _, client = filled(b"x")
    client.receiver()
    info = {
        Symbol("DeadLetterReason"): "why",
        Symbol("DeadLetterErrorDescription"): "because",
        Symbol("tries"): Int(3),
        Symbol("nothing"): None,
    }
    state = Rejected(Error("com.microsoft:dead-letter", "because", info))
    first = client.transfers()[0].body.delivery_id
    client.settle(first, state=state, settled=settled)
    if not settled:
        assert client.told(Disposition).state == Rejected()
    client.receiver("q/$deadletterqueue", 2)
    headers = dict(message_of(client.transfers()[0].payload).headers)
    assert (headers["DeadLetterReason"], headers["DeadLetterErrorDescription"]) == (
        "why",
        "because",
    )
    assert headers["tries"] == Typed("i32", 3)
    assert "nothing" not in headers


@pytest.mark.parametrize("settled", [True, False])
def test_what_is_abandoned_with_properties_has_them_the_next_time(settled: bool) -> None:
    _, client = filled(b"x")
    client.receiver()
    state = Modified(True, False, {Symbol("tries"): Int(3), Symbol("nothing"): None})
    client.settle(client.transfers()[0].body.delivery_id, state=state, settled=settled)
    heard = client.heard()
    told = [frame.body.state for frame in heard if isinstance(frame.body, Disposition)]
    assert told == ([] if settled else [state])
    (again,) = [frame for frame in heard if isinstance(frame.body, Transfer)]
    found = message_of(again.payload)
    assert (found.body, dict(found.headers)) == (b"x", {"tries": Typed("i32", 3)})


@pytest.mark.parametrize("settled", [True, False])
def test_more_properties_than_are_kept_are_refused_and_the_lock_stays(
    settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revising, "REVISIONS_MAX", 0)
    world, client = filled(b"x")
    client.receiver()
    first = client.transfers()[0].body.delivery_id
    client.settle(first, state=Modified(True, False, {Symbol("n"): "v"}), settled=settled)
    if not settled:
        state = client.told(Disposition).state
        assert state.error.condition == "amqp:resource-limit-exceeded"
    assert world.info().leased == 1


def test_one_that_settles_too_late_is_told_so() -> None:
    world, client = filled(b"x", lease_duration_ms=1_000)
    client.receiver(credit=1)
    first = client.transfers()[0].body.delivery_id
    world.advance(1_000)
    client.settle(first, settled=False)
    state = client.told(Disposition).state
    assert state.error.condition == "com.microsoft:message-lock-lost"


def test_receive_and_delete_needs_no_lock() -> None:
    world, client = filled(b"x")
    client.receiver(snd_settle_mode=1)
    assert "x-opt-locked-until" not in annotations_of(client.transfers()[0])
    assert world.info().leased == 0


def test_every_subscription_of_a_topic_has_its_own_copy() -> None:
    world = World()
    opened = world.kernel.open_session()
    world.kernel.submit(CreateStream(name="topic"), opened)
    for name in ("a", "b"):
        settings = SubscriptionSettings(lease_duration_ms=LEASE_MS)
        world.kernel.submit(
            CreateSubscription(name="topic", subscription=name, settings=settings), opened
        )
    client = world.azure()
    client.sender("amqps://h:1/topic")
    client.send(message(b"x"))
    client.heard()
    for handle, name in enumerate(("a", "b"), 1):
        client.receiver(f"topic/subscriptions/{name}", handle)
        assert client.bodies() == [b"x"]


def test_what_is_not_there_is_refused() -> None:
    client = World().azure()
    assert isinstance(client.sender("missing")[-1], Detach)
    for number, path in enumerate(("missing", "missing/$DeadLetterQueue", "t/Subscriptions/s")):
        assert isinstance(client.receiver(path, number + 1, credit=0)[-1], Detach)


def test_a_named_session_is_locked_and_told_until_when() -> None:
    world, client = filled(order="session")
    client.send(
        message(b"1", group_id="a"), message(b"2", group_id="b"), message(b"3", group_id="a")
    )
    client.heard()
    (attach,) = client.attach(session("a"))
    assert attach.source.filter == {FILTER: "a"}
    until = attach.properties["com.microsoft:locked-until-utc"]
    assert until == ticks_of(world.clock.now_ms + LEASE_MS)
    client.credit(10)
    assert client.bodies() == [b"1", b"3"]


def test_one_whose_sessions_lock_expires_is_told_so() -> None:
    world, client = filled(order="session", lease_duration_ms=1_000)
    client.send(message(b"1", group_id="a"))
    client.attach(session("a"))
    client.heard()
    world.advance(1_000)
    assert client.told(Detach).error.condition == "com.microsoft:session-lock-lost"


def test_the_next_session_is_one_that_nobody_has() -> None:
    world, client = filled(order="session")
    client.send(message(b"1", group_id="a"), message(b"2", group_id="b"))
    client.heard()
    client.attach(session("a"))
    other = world.azure()
    (attach,) = other.attach(session(None))
    assert attach.source.filter == {FILTER: "b"}
    *_, detach = world.azure().attach(session("a"))
    assert detach.error.condition == "com.microsoft:session-cannot-be-locked"


def test_one_that_waits_for_a_session_gets_it_when_a_message_comes() -> None:
    world, client = filled(order="session")
    waiting = world.azure()
    assert waiting.attach(session(None, 5_000)) == []
    client.send(message(b"1", group_id="a"))
    attach = waiting.told(Attach)
    assert attach.source.filter == {FILTER: "a"}


def test_one_that_waits_in_vain_is_told_so_in_time() -> None:
    world, client = filled(order="session")
    client.attach(session(None, 1_000))
    world.advance(1_000)
    detach = client.told(Detach)
    assert getattr(detach.error, "condition", "") == "com.microsoft:timeout"


def test_one_that_has_gone_is_not_answered_any_more() -> None:
    world, client = filled(order="session")
    client.attach(session(None, 1_000))
    client.say(Detach(1, True))
    client.heard()
    world.advance(2_000)
    assert client.heard() == []


def test_a_session_that_is_given_up_gives_its_messages_back() -> None:
    world, client = filled(order="session")
    client.send(message(b"1", group_id="a"))
    client.attach(session("a"))
    client.credit(10)
    client.heard()
    client.say(Detach(1, True))
    other = world.azure()
    other.attach(session("a"))
    other.credit(10)
    assert other.bodies() == [b"1"]


def test_a_receiver_and_its_entity_agree_about_sessions() -> None:
    _, client = filled(order="session")
    assert isinstance(client.receiver(credit=0)[-1], Detach)
    _, client = filled()
    assert isinstance(client.attach(session("a"))[-1], Detach)


def test_nobody_receives_from_an_entity_that_forwards() -> None:
    world = World()
    world.queue("end")
    world.queue("through")
    forwards = forwarding("through", "through", "", "end")
    world.kernel.submit(forwards, world.kernel.open_session())
    client = world.azure()
    *_, detach = client.receiver("through", credit=0)
    assert isinstance(detach, Detach)
    assert detach.error is not None
    assert detach.error.condition == "amqp:not-allowed"
    assert isinstance(client.receiver("end", 2, credit=0)[-1], Attach)


def test_connections_that_claim_nothing_are_served_as_any_other() -> None:
    world, _ = filled(b"x")
    client = world.connect()
    client.receiver()
    (frame,) = client.transfers()
    assert b"x-opt-sequence-number" not in frame.payload


def test_a_range_of_which_not_all_is_held_is_told_the_truth_one_by_one() -> None:
    world, client = filled(b"a", b"b", b"c")
    client.receiver(credit=2)
    client.heard()
    world.advance(LEASE_MS // 2)
    client.credit(1, count=2)
    client.heard()
    world.advance(LEASE_MS // 2)
    client.say(Disposition(True, 1, 3, settled=False, state=ACCEPTED))
    told = [frame.body for frame in client.heard() if isinstance(frame.body, Disposition)]
    states = {
        number: type(each.state).__name__
        for each in told
        for number in range(each.first, (each.last or each.first) + 1)
    }
    assert states == {1: "Rejected", 2: "Rejected", 3: "Accepted"}
    assert world.info().ready + world.info().leased == 2


def test_a_range_that_is_held_is_settled_and_told_at_once() -> None:
    world, client = filled(b"a", b"b", b"c")
    client.receiver()
    client.heard()
    client.say(Disposition(True, 1, 3, settled=False, state=ACCEPTED))
    (told,) = [frame.body for frame in client.heard() if isinstance(frame.body, Disposition)]
    assert (told.first, told.last, told.settled) == (1, 3, True)
    assert world.info().ready + world.info().leased == 0


@pytest.mark.parametrize("fails", [False, True])
def test_what_goes_by_way_of_an_entity_is_one_with_what_is_settled_there(*, fails: bool) -> None:
    world, client = filled(b"order")
    world.queue("out")
    client.receiver()
    (frame,) = client.transfers()
    client.attach(Attach("c", 9, False, target=Coordinator()))
    client.send(b"\x00\x53\x77" + to_bytes(Declare()), handle=9)
    ((_, _, declared),) = client.outcomes()
    via = {Symbol("com.microsoft:transfer-destination-address"): "out"}
    client.sender("q", 5, properties=via)
    client.send(message(b"sent"), handle=5, state=TransactionalState(declared.txn_id))
    done = TransactionalState(declared.txn_id, ACCEPTED)
    client.settle(frame.body.delivery_id, state=done, settled=False)
    client.heard()
    assert (world.info("out").ready, world.info("q").leased) == (0, 1)
    client.send(b"\x00\x53\x77" + to_bytes(Discharge(declared.txn_id, fails)), handle=9)
    assert [state for _, _, state in client.outcomes()] == [ACCEPTED]
    assert (world.info("out").ready, world.info("q").leased) == ((0, 1) if fails else (1, 0))
