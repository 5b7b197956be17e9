"""Code that fails: a door takes its connection along, a half-applied decision the node."""

from typing import Any, cast

import pytest
from tests.fakes.node import FakeShell
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.commands import Consume
from dragoman.kernel.records import SubscriptionCreated
from dragoman.kernel.replay import APPLY
from dragoman.runtime.session import BrokerSession


class Shell(FakeShell):
    def __init__(self) -> None:
        super().__init__()
        self.is_aborted = False

    def abort(self) -> None:
        self.is_aborted = True


def connect(node: TestNode) -> tuple[BrokerSession, Shell]:
    session = node.connect()
    shell = session.shell = Shell()
    return session, shell


def tripping(*_: Any) -> None:
    raise KeyError("planted")


def test_a_door_that_fails_loses_its_connection_and_nobody_else_notices() -> None:
    node = Engine().start()
    faults: list[Exception] = []
    node.broker.on_door_fault = faults.append
    (bad, bad_shell), (good, good_shell) = connect(node), connect(node)
    for session, name in ((bad, "one"), (good, "two")):
        declare(session, name)
        session.submit(Consume(name=name, credit_max=10))
    bad.door.deliver = tripping  # type: ignore[assignment, method-assign]
    publish(good, "one", b"1")
    publish(good, "two", b"2")
    node.settle()
    assert [repr(fault) for fault in faults] == ["KeyError('planted')"]
    assert bad_shell.is_aborted
    assert not good_shell.is_aborted
    assert len(node.deliveries(good)) == 1


def test_a_shell_that_fails_to_write_takes_nobody_along() -> None:
    node = Engine().start()
    faults: list[Exception] = []
    node.broker.on_door_fault = faults.append
    (bad, bad_shell), (good, _) = connect(node), connect(node)
    bad_shell.flush = tripping  # type: ignore[method-assign]
    node.broker.touch(bad)
    declare(good, "orders")
    position = publish(good, "orders", b"1").position
    node.settle()
    assert len(faults) == 1
    assert node.commit.written >= position


def test_a_decision_carried_out_in_part_stops_the_node_before_anything_of_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    node = engine.start()
    faults: list[Exception] = []
    node.broker.on_fault = faults.append
    session, _ = connect(node)
    declare(session, "orders")
    publish(session, "orders", b"1")
    node.settle()
    written = node.commit.written
    monkeypatch.setitem(cast(dict[type, Any], APPLY), SubscriptionCreated, tripping)
    with pytest.raises(KeyError):
        declare(session, "late")  # its stream is there, who reads it is not
    monkeypatch.undo()
    node.settle()
    publish(session, "orders", b"3")
    node.settle()
    assert len(faults) == 1
    assert node.commit.failed is not None
    assert node.commit.written == written
    node = engine.start()
    reader = node.connect()
    reader.submit(Consume(name="orders", credit_max=10))
    node.settle()
    assert [body for d in node.deliveries(reader) for body in d.bodies] == [b"1"]
