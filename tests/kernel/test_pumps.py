from typing import Any

import msgspec
import pytest
from tests.kernel.pumped import bodies, only, pump, stream, wait
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import (
    Bind,
    Consume,
    CreateStream,
    DeclareRoute,
    DeleteQueue,
    DeleteStream,
    DescribeQueue,
    DescribeStream,
    Lease,
    Publish,
    PurgeQueue,
    Read,
    TrimStream,
)
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.pumps import CreatePump, DeletePump, ListPumps
from dragoman.kernel.settings import Address, BindingSettings, PumpSettings, StreamSettings
from dragoman.model.errors import AlreadyExists, InvalidArgument, PumpNotFound, StreamNotFound
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import PUMP_HOPS_MAX, PUMP_RATE_MAX


def test_a_pump_carries_what_is_there_and_what_comes_to_every_target() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a", "b"):
        stream(session, name)
    publish(session, "s", b"1", b"2")
    pump(session, "s", "a", "b")
    node.settle()
    publish(session, "s", b"3")
    node.settle()
    assert bodies(session, "a") == bodies(session, "b") == [b"1", b"2", b"3"]
    assert (only(session).carried, only(session).left) == (3, 0)


def test_a_pump_from_the_end_leaves_out_what_was_there() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    publish(session, "s", b"1")
    pump(session, "s", "a", from_end=True)
    publish(session, "s", b"2")
    node.settle()
    assert bodies(session, "a") == [b"2"]


def test_a_pump_holds_what_it_has_not_carried_and_nothing_more() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s", retention_ms=0)
    declare(session, "q", length_max=0, overflow="reject-publish")
    pump(session, "s", "q")
    publish(session, "s", b"1", b"2")
    publish(session, "s", b"3")
    node.settle()
    assert "no room" in only(session).trouble
    assert only(session).left == 3
    node.checkpoint()
    assert session.submit(DescribeStream(name="s")).partitions[0].start == 0
    session.submit(DeletePump(name="s-pump"))
    node.settle()
    assert session.submit(DescribeStream(name="s")).partitions[0].start == 3


def test_a_target_without_room_is_asked_again_and_costs_no_attempt() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s")
    declare(session, "q", length_max=1, overflow="reject-publish")
    pump(session, "s", "q", attempts_max=1)
    publish(session, "s", b"1")
    publish(session, "s", b"2")
    node.settle()
    assert session.submit(DescribeQueue(name="q")).ready == 1
    for _ in range(5):
        wait(node, 2000)
    assert only(session).attempts == 0
    session.submit(PurgeQueue(name="q"))
    wait(node, 2000)
    assert session.submit(DescribeQueue(name="q")).ready == 1
    assert only(session).left == 0


@pytest.mark.parametrize("has_dead_letter", [True, False])
def test_what_cannot_be_carried_is_tried_then_given_up_and_the_rest_goes_on(
    *, has_dead_letter: bool
) -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "dead"):
        stream(session, name)
    session.submit(
        CreateStream(name="a", settings=StreamSettings(retention_ms=-1, message_bytes_max=3))
    )
    pump(
        session, "s", "a", attempts_max=3, dead_letter=Address("dead") if has_dead_letter else None
    )
    publish(session, "s", b"1", b"long", b"2")
    for _ in range(12):
        wait(node, 4000)
    assert bodies(session, "a") == [b"1", b"2"]
    assert bodies(session, "dead") == ([b"long|delivery_limit"] if has_dead_letter else [])
    assert (only(session).dropped, only(session).attempts) == (1, 0)


def test_messages_going_in_a_circle_stop_after_so_many_hops() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("a", "b"):
        stream(session, name)
    pump(session, "a", "b")
    pump(session, "b", "a")
    publish(session, "a", b"x")
    node.settle()
    assert len(bodies(session, "a")) + len(bodies(session, "b")) == PUMP_HOPS_MAX + 1


def test_what_came_through_too_many_pumps_is_given_up_where_that_is_asked_for() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("a", "b", "dead"):
        stream(session, name)
    for source, target in (("a", "b"), ("b", "a")):
        pump(session, source, target, dead_letter=Address("dead"), hops_max=3)
    publish(session, "a", b"x", b"y")
    node.settle()
    assert bodies(session, "a") == bodies(session, "b") == [b"x", b"y"] * 2
    assert bodies(session, "dead") == [b"x|max_hops", b"y|max_hops"]


def test_what_a_target_has_no_room_for_is_given_up_where_that_is_asked_for() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s")
    stream(session, "dead")
    declare(session, "q", length_max=1, overflow="reject-publish")
    pump(session, "s", "q", waits_for_room=False, dead_letter=Address("dead"))
    publish(session, "s", b"1", b"2", b"3")
    node.settle()
    assert session.submit(DescribeQueue(name="q")).ready == 1
    assert bodies(session, "dead") == [b"2|no_room", b"3|no_room"]
    assert (only(session).carried, only(session).dropped) == (1, 2)


@pytest.mark.parametrize("limit", [{"ttl_ms": 1}, {"length_max": 0}])
def test_a_circle_through_dead_letters_that_no_reader_made_stops_too(limit: dict[str, int]) -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "dead")
    declare(session, "q", dead_letter=Address("dead"), **limit)
    pump(session, "dead", "q")
    publish(session, "q", b"x")
    for _ in range(2 * PUMP_HOPS_MAX):
        wait(node, 1_000)
    assert len(bodies(session, "dead")) == PUMP_HOPS_MAX + 1
    assert (only(session).carried, only(session).dropped) == (PUMP_HOPS_MAX, 1)


def test_a_leased_pump_moves_messages_out_of_a_queue() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    declare(session, "r")
    pump(session, "q", "r", leased=True)
    publish(session, "q", b"1", b"2")
    node.settle()
    assert session.submit(DescribeQueue(name="q")).ready == 0
    session.submit(Consume(name="r", credit_max=10))
    node.settle()
    found = [body for each in node.deliveries(session) for body in each.bodies]
    assert found == [b"1", b"2"]
    probe = engine.start().connect()
    assert [probe.submit(DescribeQueue(name=name)).ready for name in ("q", "r")] == [0, 2]


def test_a_redrive_ends_where_the_queue_ended_when_it_was_made() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "work")
    publish(session, "dead", b"1", b"2")
    node.settle()
    pump(session, "dead", "work", leased=True, until_end=True)
    publish(session, "dead", b"3")
    node.settle()
    wait(node, 2000)
    assert session.submit(ListPumps()) == []
    counts = [session.submit(DescribeQueue(name=name)).ready for name in ("dead", "work")]
    assert counts == [1, 2]


def test_a_pump_goes_with_its_source_and_a_leased_one_with_its_queue() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    declare(session, "q")
    pump(session, "s", "a")
    pump(session, "q", "a", leased=True)
    session.submit(DeleteStream(name="s"))
    session.submit(DeleteQueue(name="q"))
    assert session.submit(ListPumps()) == []
    node.settle()
    node.checkpoint()


def test_a_pump_into_a_route_goes_by_the_key_each_message_has() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "s")
    session.submit(DeclareRoute(name="r"))
    for name in ("x", "y"):
        stream(session, name)
        session.submit(Bind(route="r", target=name, binding=BindingSettings(key=name)))
    settings_ = PumpSettings(targets=(Address("r", is_route=True),))
    session.submit(CreatePump(name="p", source="s", settings=settings_))
    publish(session, "s", b"x", b"y", b"x")
    node.settle()
    assert (bodies(session, "x"), bodies(session, "y")) == ([b"x", b"x"], [b"y"])


def test_a_filter_chooses_and_what_it_leaves_out_counts_as_carried_past() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a", filter={"colour": "red"})
    publish(session, "s", b"no headers here")
    node.settle()
    assert bodies(session, "a") == []
    assert (only(session).left, only(session).carried) == (0, 0)


@pytest.mark.parametrize(("text", "carried"), [("'x' in h", []), ("!('x' in h)", [b"1", b"2"])])
def test_a_pump_carries_what_its_condition_holds_for(text: str, carried: list[bytes]) -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a", filter={"expression": text}, dialect="cel")
    publish(session, "s", b"1", b"2")
    node.settle()
    assert bodies(session, "a") == carried
    with pytest.raises(InvalidArgument, match="CEL, line 1"):
        pump(session, "a", "s", filter={"expression": "'x' in"}, dialect="cel")


def test_a_pump_opens_batches_and_keeps_columns() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("s", "a"):
        stream(session, name)
    pump(session, "s", "a")
    batch = Publish("default", Address("s"), CANONICAL, [b"1\n2"])
    batch.packed = 2
    session.publish(batch)
    plain = Publish("default", Address("s"), CANONICAL, [b"3"])
    plain.priorities, plain.keys, plain.expires_ms = [7], [b"k"], [9_000_000]
    session.publish(plain)
    node.settle()
    assert bodies(session, "a") == [b"1", b"2", b"3"]
    last = session.submit(Read(name="a", offset=2)).blocks[-1]
    assert (last.priorities, last.keys, last.expires_ms) == ([7], [b"k"], [9_000_000])


def test_what_makes_no_pump_is_refused() -> None:
    session = Engine().start().connect()
    for name in ("s", "a"):
        stream(session, name)
    for source, targets, more, error in (
        ("s", (), {}, InvalidArgument),
        ("s", ("nowhere",), {}, StreamNotFound),
        ("nowhere", ("a",), {}, StreamNotFound),
        ("s", ("a",), {"filter": {"x-match": "sometimes"}}, InvalidArgument),
    ):
        with pytest.raises(error):
            pump(session, source, *targets, **more)  # type: ignore[arg-type]
    with pytest.raises(PumpNotFound):
        session.submit(DeletePump(name="p"))
    pump(session, "s", "a")
    with pytest.raises(AlreadyExists):
        pump(session, "s", "a")


@pytest.mark.parametrize(
    "more",
    [{"rate_max": -1}, {"rate_max": PUMP_RATE_MAX + 1}, {"to_origin": True}, {"hops_max": 99}],
)
def test_a_rate_and_a_way_are_asked_for_in_earnest(more: dict[str, Any]) -> None:
    session = Engine().start().connect()
    for name in ("s", "a"):
        stream(session, name)
    with pytest.raises(InvalidArgument):
        pump(session, "s", "a", **more)


def test_what_was_trimmed_is_not_carried_though_its_block_is_still_there() -> None:
    node = Engine().start()
    session = node.connect()
    stream(session, "source")
    declare(session, "target", length_max=1, overflow="reject-publish")
    publish(session, "target", b"in the way")
    publish(session, "source", b"1", b"2")
    pump(session, "source", "target", retry_ms=100)
    wait(node, 50)
    session.submit(TrimStream(name="source", partition=0, offset=1))
    session.submit(PurgeQueue(name="target"))
    wait(node, 1_000)
    assert [each.bodies for each in session.submit(Lease(name="target", count_max=9))] == [[b"2"]]


def test_a_pump_takes_nothing_from_a_queue_that_is_paused() -> None:
    node = Engine().start()
    session = node.connect()
    info = declare(session, "source")
    stream(session, "target")
    publish(session, "source", b"1")
    for paused, wanted in ((True, []), (False, [b"1"])):
        settings = msgspec.structs.replace(info.settings, paused=paused)
        session.submit(AlterSubscription(name="source", settings=settings))
        if paused:
            pump(session, "source", "target", leased=True)
        wait(node, 2_000)
        assert bodies(session, "target") == wanted
