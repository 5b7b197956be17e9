"""Dead letters that pumps bring back."""

from typing import Any

import pytest
from tests.kernel.pumped import ended, wait
from tests.runtime.engine import Engine
from tests.runtime.node import declare, publish

from dragoman.kernel.commands import (
    DeleteQueue,
    DescribeQueue,
    Lease,
    Settle,
)
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, PumpSettings
from dragoman.runtime.session import BrokerSession


def reject_all(session: BrokerSession, name: str) -> int:
    """Take everything and reject it."""
    count = 0
    for one in session.submit(Lease(name=name, count_max=100)):
        settle = Settle(
            one.holder.subscription.id,
            one.partition,
            one.holder.id,
            [(one.start, one.end)],
            "reject",
        )
        count += session.settle(settle).settled
    return count


def redrive(session: BrokerSession, source: str, **more: Any) -> None:
    made = PumpSettings(until_end=True, **more)
    session.submit(CreatePump(name="redrive", source=source, subscription=source, settings=made))


def test_dead_letters_go_back_to_where_each_died_and_as_they_were() -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    for name in ("a", "b"):
        declare(session, name, dead_letter=Address("dead"))
        publish(session, name, f"{name}1".encode(), f"{name}2".encode())
        node.settle()
        assert reject_all(session, name) == 2
    assert session.submit(DescribeQueue(name="dead")).ready == 4
    redrive(session, "dead", to_origin=True)
    wait(node, 2_000)
    assert session.submit(DescribeQueue(name="dead")).ready == 0
    for name in ("a", "b"):
        (one,) = session.submit(Lease(name=name, count_max=10))
        assert one.bodies == [f"{name}1".encode(), f"{name}2".encode()]
    (info,) = ended(session)
    assert (info.state, info.carried, info.left, info.name) == ("done", 4, 0, "redrive")


def test_what_is_named_as_target_and_died_there_is_as_it_was_and_elsewhere_is_not() -> None:
    node = Engine().start()
    session = node.connect()
    for name in ("dead", "other"):
        declare(session, name)
    declare(session, "a", dead_letter=Address("dead"))
    for target, body in (("a", b"1"), ("other", b"1|rejected")):
        publish(session, "a", b"1")
        node.settle()
        reject_all(session, "a")
        redrive(session, "dead", targets=(Address(target),))
        wait(node, 2_000)
        (one,) = session.submit(Lease(name=target))
        assert one.bodies == [body]


@pytest.mark.parametrize("source_is_gone", [True, False])
def test_a_message_without_a_way_back_ends_the_pump_and_stays(source_is_gone: bool) -> None:
    node = Engine().start()
    session = node.connect()
    declare(session, "dead")
    declare(session, "a", dead_letter=Address("dead"))
    publish(session, "a", b"1")
    node.settle()
    reject_all(session, "a")
    publish(session, "dead", b"sent straight to it")
    if source_is_gone:
        session.submit(DeleteQueue(name="a"))
    node.settle()
    redrive(session, "dead", to_origin=True)
    wait(node, 2_000)
    (info,) = ended(session)
    assert (info.state, info.carried) == ("failed", 0 if source_is_gone else 1)
    place = "in a, which is no stream here" if source_is_gone else "nobody knows where"
    assert info.trouble == f"it died {place}: name a target"
    assert session.submit(DescribeQueue(name="dead")).ready == (2 if source_is_gone else 1)
