"""Rows of further features: what they are loaded from has the same rows again."""

from collections.abc import Callable

import pytest
from tests.kernel.pumped import pump
from tests.kernel.transactions.writer import Writer, topic
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, pass_ms, publish

from dragoman.kernel.commands import CreateStream, Publish
from dragoman.kernel.documents import PutDocument
from dragoman.kernel.pumps import CreatePump, DeletePump
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings
from dragoman.kernel.snapshots import CreateSnapshot
from dragoman.kernel.state import State
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.runtime.featurerows import feature_changes
from dragoman.runtime.session import BrokerSession

Rows = dict[str, bytes]


def transaction(node: TestNode, session: BrokerSession) -> None:
    topic(session, "t")
    writer = Writer(session, "open")
    writer.begin("t")
    writer.write("t", b"1", b"2")
    done = Writer(session, "done")
    done.begin("t")
    done.write("t", b"3")
    done.end(commit=False)


def dedup(node: TestNode, session: BrokerSession) -> None:
    settings = StreamSettings(retention_ms=-1, level=SYNCED, dedup_window_ms=60_000)
    session.submit(CreateStream(name="once", settings=settings))
    command = Publish("default", Address("once"), CANONICAL, [b"1", b"2"])
    command.dedup = ["a", "b"]
    session.publish(command)


def snapshot(node: TestNode, session: BrokerSession) -> None:
    declare(session, "q")
    publish(session, "q", b"1")
    session.submit(CreateSnapshot(snapshot="s", name="q", life_ms=60_000))


def pump_rows(node: TestNode, session: BrokerSession) -> None:
    for name in ("a", "b"):
        declare(session, name)
    pump(session, "a", "b")
    publish(session, "a", b"1")
    node.settle()
    targets = PumpSettings(targets=(Address("b"),), until_end=True)
    session.submit(CreatePump(name="ends", source="a", settings=targets))
    session.submit(DeletePump(name="ends"))


def document(node: TestNode, session: BrokerSession) -> None:
    session.submit(PutDocument(kind="k", name="n", body=b"body"))


def schedule(node: TestNode, session: BrokerSession) -> None:
    declare(session, "later")
    for delay_ms in (1, 50_000):
        command = Publish("default", Address("later"), CANONICAL, [b"1"])
        command.due_ms = node.clock.wall_ms() + delay_ms
        session.publish(command)
    node.settle()
    pass_ms(node, 10)


MAKERS: dict[str, Callable[[TestNode, BrokerSession], None]] = {
    "transaction": transaction,
    "aborted": transaction,
    "dedup": dedup,
    "snapshot": snapshot,
    "pump": pump_rows,
    "pump_ended": pump_rows,
    "document": document,
    "schedule": schedule,
}


def soil(state: State) -> None:
    """Everything has changed."""
    state.transactions.dirty.update(dict.fromkeys(state.transactions.by_producer))
    state.transactions.dirty_aborted.update(state.transactions.aborted)
    state.schedules.dirty.update(dict.fromkeys(state.schedules.by_stream))
    state.dedup.dirty.update(
        (stream, start_ms)
        for stream, window in state.dedup.by_stream.items()
        for start_ms in window.buckets
    )
    state.snapshots.dirty.update(dict.fromkeys(state.snapshots.by_id))
    state.documents.dirty.update(dict.fromkeys(state.documents.by_key))
    state.pumps.dirty.update(dict.fromkeys(state.pumps.by_id))
    state.pumps.dirty_ended.update(dict.fromkeys(state.pumps.ended))


def rows_of(state: State, table: str) -> Rows:
    soil(state)
    return {key: data for name, key, data in feature_changes(state) if name == table and data}


@pytest.mark.parametrize("table", MAKERS)
def test_what_is_loaded_has_the_rows_that_it_was_loaded_from(table: str) -> None:
    engine = Engine()
    node = engine.start()
    MAKERS[table](node, node.connect())
    node.settle()
    node.checkpoint()
    stored = dict(engine.state.scan(table))
    assert stored, "there is something to load"
    assert rows_of(engine.start().kernel.state, table) == stored


def test_whoever_stops_in_the_middle_gets_the_rest_later_and_nothing_twice() -> None:
    node = Engine().start()
    session = node.connect()
    for name in "abcd":
        session.submit(PutDocument(kind="k", name=name, body=b"body"))
    state = node.kernel.state
    first = next(feature_changes(state))
    rest = list(feature_changes(state))
    assert len({key for _, key, _ in (first, *rest)}) == 1 + len(rest) == 4
    assert list(feature_changes(state)) == []
