import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare

from dragoman.kernel.commands import (
    Bind,
    Cancel,
    Consume,
    DeclareRoute,
    DeleteQueue,
    DescribeQueue,
    Lease,
    ListRoutes,
    Unbind,
)
from dragoman.kernel.settings import RouteSettings
from dragoman.model.errors import SubscriptionNotFound
from dragoman.runtime.session import BrokerSession


def exists(session: BrokerSession, name: str) -> bool:
    try:
        session.submit(DescribeQueue(name=name))
    except SubscriptionNotFound:
        return False
    return True


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()  # a turn under way has its own time
    node.clock.now_ms += time_ms
    node.settle()


def test_a_queue_goes_after_its_idle_time_and_not_before() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q", idle_ms=1000)
    declare(session, "forever")
    node.settle()
    wait(node, 999)
    assert exists(session, "q")
    assert node.kernel.deadlines()[0] == node.clock.now_ms + 1, "the timer is armed for it"
    wait(node, 1)
    assert not exists(session, "q")
    assert exists(session, "forever")


@pytest.mark.parametrize("use", ["declare", "lease"])
def test_declaring_and_leasing_count_as_use(use: str) -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q", idle_ms=1000)
    wait(node, 900)
    if use == "declare":
        declare(session, "q", idle_ms=1000)
    else:
        session.submit(Lease(name="q"))
    wait(node, 900)
    assert exists(session, "q")
    wait(node, 100)
    assert not exists(session, "q")


def test_a_queue_with_a_consumer_stays_and_goes_its_idle_time_after_the_last_one_left() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "q", idle_ms=1000)
    holder = session.submit(Consume(name="q"))
    wait(node, 5000)
    session.submit(Cancel(holder=holder.id))
    wait(node, 999)
    assert exists(session, "q")
    wait(node, 1)
    assert not exists(session, "q")


def test_after_a_restart_the_idle_time_begins_anew_and_a_deleted_queue_stays_deleted() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q", idle_ms=1000)
    wait(node, 900)
    node.checkpoint()
    node = engine.start()
    node.settle()
    wait(node, 900)
    assert exists(node.connect(), "q")
    wait(node, 100)
    assert not exists(node.connect(), "q")
    assert not exists(engine.start().connect(), "q")


def routes(session: BrokerSession) -> list[str]:
    return [route.name for route in session.submit(ListRoutes())]


def test_an_auto_delete_route_goes_with_its_last_binding_and_takes_those_bound_only_to_it() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q")
    for name in ("outer", "inner", "never-used"):
        session.submit(DeclareRoute(name=name, settings=RouteSettings(auto_delete=True)))
    session.submit(DeclareRoute(name="kept"))
    session.submit(Bind(route="outer", target="inner", to_route=True))
    for name in ("inner", "kept"):
        session.submit(Bind(route=name, target="q"))
    assert len(routes(session)) == 4
    session.submit(Unbind(route="inner", target="q"))
    session.submit(Unbind(route="kept", target="q"))
    assert routes(session) == ["kept", "never-used"]
    node.settle()
    assert routes(engine.start().connect()) == ["kept", "never-used"]


def test_an_auto_delete_route_goes_when_its_last_queue_is_deleted() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    session.submit(DeclareRoute(name="r", settings=RouteSettings(auto_delete=True)))
    for name in ("a", "b"):
        declare(session, name)
        session.submit(Bind(route="r", target=name))
    node.settle()
    node.checkpoint()
    node = engine.start()
    session = node.connect()
    session.submit(DeleteQueue(name="a"))
    assert routes(session) == ["r"]
    session.submit(DeleteQueue(name="b"))
    assert routes(session) == []
    node.settle()
    assert routes(engine.start().connect()) == []
