import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.atomic import Atomic
from dragoman.kernel.commands import (
    Bind,
    Consume,
    DeclareQueue,
    DeclareRoute,
    DescribeQueue,
    Publish,
    SetCredit,
    Settle,
)
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.errors import InvalidArgument, KernelError, PublishRefused, QuotaExceeded
from dragoman.model.levels import CANONICAL
from dragoman.model.limits import ATOMIC_BYTES_MAX, ATOMIC_COMMANDS_MAX
from dragoman.runtime.session import BrokerSession


def to(name: str, *bodies: bytes) -> Publish:
    return Publish("default", Address(name), CANONICAL, list(bodies))


def settle_of(delivery: Delivery, outcome: str = "ack") -> Settle:
    return Settle(
        delivery.holder.subscription.id,
        delivery.partition,
        delivery.holder.id,
        [(delivery.start, delivery.end)],
        outcome,  # type: ignore[arg-type]
    )


def counts(session: BrokerSession, name: str) -> tuple[int, int]:
    info = session.submit(DescribeQueue(name=name))
    return info.ready, info.leased


def leased(node: TestNode, session: BrokerSession, name: str) -> list[Delivery]:
    session.submit(Consume(name=name, credit_max=100))
    node.settle()
    return node.deliveries(session)


def test_an_ack_here_and_publishes_there_are_one_set_and_survive_together() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "work")
    declare(session, "done")
    publish(session, "work", b"1")
    (delivery,) = leased(node, session, "work")
    frames = node.commit.handed
    replies = session.submit(
        Atomic((settle_of(delivery), to("done", b"a"), to("done", b"b", b"c")))
    )
    node.settle()
    assert node.commit.handed == frames + 1, "one frame"
    assert replies[0].settled == 1
    assert (replies[1].offset, replies[2].offset) == (0, 1)
    again = engine.start()
    probe = again.connect()
    assert counts(probe, "work") == (0, 0)
    assert counts(probe, "done") == (3, 0)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (to("nowhere", b"x"), KernelError),
        (to("full", b"x"), PublishRefused),
        (Publish("default", Address("out", "k", is_route=True), CANONICAL, []), InvalidArgument),
    ],
)
def test_a_refusal_at_the_end_refuses_the_whole_set(bad: Publish, error: type[Exception]) -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "work")
    declare(session, "full", length_max=0, overflow="reject-publish")
    session.submit(DeclareRoute(name="out"))
    publish(session, "work", b"1")
    (delivery,) = leased(node, session, "work")
    with pytest.raises(error):
        session.submit(Atomic((to("work", b"2"), settle_of(delivery), bad)))
    node.settle()
    assert counts(session, "work") == (0, 1)


def test_room_in_a_queue_is_counted_across_the_publishes_of_a_set() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "small", length_max=2, overflow="reject-publish")
    with pytest.raises(PublishRefused):
        session.submit(Atomic((to("small", b"1"), to("small", b"2"), to("small", b"3"))))
    assert counts(session, "small") == (0, 0)
    session.submit(Atomic((to("small", b"1"), to("small", b"2"))))
    assert counts(session, "small") == (2, 0)


def test_a_dead_letter_and_a_publish_of_one_set_take_different_offsets() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "work", dead_letter=Address("dead"))
    publish(session, "work", b"1", b"2")
    deliveries = leased(node, session, "work")
    commands: list[Publish | Settle] = [
        to("dead", b"x"),
        *[settle_of(each, "reject") for each in deliveries],
        to("dead", b"y"),
    ]
    session.submit(Atomic(tuple(commands)))
    node.settle()
    session.submit(Consume(name="dead", credit_max=10))
    node.settle()
    found = [body for each in node.deliveries(session) for body in each.bodies]
    assert found == [b"x", b"1|rejected", b"2|rejected", b"y"]


def test_a_message_settled_twice_in_one_set_is_refused_and_nothing_changes() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "work")
    publish(session, "work", b"1")
    (delivery,) = leased(node, session, "work")
    with pytest.raises(InvalidArgument):
        session.submit(Atomic((settle_of(delivery), settle_of(delivery, "release"))))
    assert counts(session, "work") == (0, 1)


def test_what_leads_nowhere_is_told_and_does_not_refuse_the_set() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "work")
    session.submit(DeclareRoute(name="out"))
    session.submit(Bind(route="out", target="work"))
    lost = Publish("default", Address("out", "other", is_route=True), CANONICAL, [b"1"])
    replies = session.submit(Atomic((lost, to("work", b"2"))))
    assert [reply.routed for reply in replies] == [0, 1]


def test_a_set_is_limited_in_commands_and_in_bytes() -> None:
    session = Engine().start().connect()
    declare(session, "work")
    with pytest.raises(QuotaExceeded):
        session.submit(Atomic((to("work", b"1"),) * (ATOMIC_COMMANDS_MAX + 1)))
    body = bytes(1 << 20)
    with pytest.raises(QuotaExceeded):
        session.submit(Atomic((to("work", body),) * (ATOMIC_BYTES_MAX // len(body) + 1)))
    assert counts(session, "work") == (0, 0)


def test_limits_on_length_drop_the_oldest_after_the_set() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "short", length_max=2)
    session.submit(Atomic((to("short", b"1"), to("short", b"2"), to("short", b"3"))))
    (delivery,) = leased(node, session, "short")
    assert delivery.bodies == [b"2", b"3"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from(["a", "b", "nowhere"]), max_size=5), max_size=6))
def test_after_any_sets_and_a_restart_exactly_the_whole_ones_are_there(
    sets: list[list[str]],
) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    expected = {"a": 0, "b": 0}
    for name in expected:
        declare(session, name)
    for names in sets:
        try:
            session.submit(Atomic(tuple(to(name, b"x") for name in names)))
        except KernelError:
            assert "nowhere" in names
            continue
        for name in names:
            expected[name] += 1
        node.turn()
    node.settle()
    probe = engine.start().connect()
    assert {name: counts(probe, name)[0] for name in expected} == expected


def keyed(node: TestNode, session: BrokerSession, *bodies: bytes) -> list[Delivery]:
    """Messages of one key, each leased by itself; a release takes the later ones back."""
    settings = SubscriptionSettings(order="key", revoke_followers=True)
    session.submit(DeclareQueue(name="keyed", settings=settings))
    command = to("keyed", *bodies)
    command.keys = [b"k"] * len(bodies)
    session.publish(command)
    holder = session.submit(Consume(name="keyed", credit_max=1))
    found: list[Delivery] = []
    for credit in range(1, len(bodies) + 1):
        session.submit(SetCredit(holder=holder.id, credit_max=credit))
        node.settle()
        found += node.deliveries(session)
    return found


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("outcomes", [("release", "ack"), ("release", "release")])
def test_what_a_release_would_take_back_is_left_to_the_set_that_settles_it(
    first: int, outcomes: tuple[str, str]
) -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    one, two, _ = keyed(node, session, b"1", b"2", b"3")
    settles = [settle_of(one, outcomes[0]), settle_of(two, outcomes[1])]
    replies = session.submit(Atomic((settles[first], settles[1 - first])))
    assert [reply.settled for reply in replies] == [1, 1]
    node.settle()
    ready = 2 if outcomes[1] == "ack" else 3
    assert counts(engine.start().connect(), "keyed")[0] == ready
