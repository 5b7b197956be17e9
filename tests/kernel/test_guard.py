"""Refusals where they happen: through a session, by every kind of command."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode

from dragoman.kernel.batches import Publish, Settle
from dragoman.kernel.commands import (
    Consume,
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    FindStream,
    Lease,
    ListQueues,
    ListStreams,
    Read,
)
from dragoman.kernel.documents import PutDocument
from dragoman.kernel.granting import CreateGrants, ListGrants
from dragoman.kernel.groups.commands import Heartbeat, ListGroups
from dragoman.kernel.listing import GetListing
from dragoman.kernel.permissions import NAMESPACE, STREAM, Grant, Need
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, PumpSettings
from dragoman.kernel.transactions.commands import InitProducer
from dragoman.model.errors import AccessRefused
from dragoman.runtime.session import BrokerSession


def node_with(*grants: Grant) -> tuple[TestNode, BrokerSession]:
    """Queues `mine` and `other` with a message each, and a session of ann."""
    node = Engine().start()
    operator = node.connect()
    operator.act_as_broker()
    for name in ("mine", "other"):
        operator.submit(DeclareQueue(name=name))
        operator.publish(Publish("default", Address(name), 0, [b"m"]))
    operator.submit(CreateGrants(grants=grants))
    session = node.connect()
    session.act_as("ann")
    return node, session


def mine(*operations: str) -> Grant:
    return Grant(principal="ann", kinds=(STREAM,), name="mine", operations=operations)


ATTEMPTS: dict[str, Callable[[BrokerSession], Any]] = {
    "publish": lambda s: s.publish(Publish("default", Address("other"), 0, [b"x"])),
    "lease": lambda s: s.submit(Lease(name="other")),
    "consume": lambda s: s.submit(Consume(name="other")),
    "read": lambda s: s.submit(Read(name="other")),
    "find": lambda s: s.submit(FindStream(name="other")),
    "delete": lambda s: s.submit(DeleteQueue(name="other")),
    "create": lambda s: s.submit(CreateStream(name="third")),
    "group": lambda s: s.submit(Heartbeat(group="g", member_id="m", generation=1)),
    "transaction": lambda s: s.submit(InitProducer(transactional_id="x")),
    "pump": lambda s: s.submit(
        CreatePump(name="p", source="mine", settings=PumpSettings(targets=(Address("other"),)))
    ),
    "document": lambda s: s.submit(PutDocument(kind="k", name="n", body=b"")),
    "grant": lambda s: s.submit(CreateGrants(grants=(mine("all"),))),
    "grants": lambda s: s.submit(ListGrants()),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_was_not_granted_is_refused_and_nothing_has_changed(
    attempt: Callable[[BrokerSession], Any],
) -> None:
    node, session = node_with(mine("all"))
    node.settle()
    with pytest.raises(AccessRefused):
        attempt(session)
    assert not node.kernel.has_records()
    assert session.traffic.refused["access-refused"] == 1


def test_who_may_receive_and_not_settle_may_not_settle() -> None:
    _, session = node_with(mine("receive"))
    (delivery,) = session.submit(Lease(name="mine"))
    holder = delivery.holder
    settle = Settle(holder.subscription.id, 0, holder.id, [(delivery.start, delivery.end)], "ack")
    with pytest.raises(AccessRefused):
        session.settle(settle)
    session._broker.kernel.state.permissions.add("default", "x", mine("settle"))
    assert session.settle(settle).settled == 1


def test_lists_show_what_may_be_seen() -> None:
    _, session = node_with(mine("send"))
    assert [info.name for info in session.submit(ListStreams())] == ["mine"]
    assert [info.name for info in session.submit(ListQueues())] == ["mine"]
    seen = session.submit(GetListing())
    assert [row[0] for row in seen.streams] == ["mine"]
    assert session.submit(GetListing()) is seen
    permissions = session._broker.kernel.state.permissions
    permissions.add("default", "x", msgspec.structs.replace(mine("read"), match="all"))
    assert [row[0] for row in session.submit(GetListing()).streams] == ["mine", "other"]
    permissions.drop("default", "x", mine("read"))
    assert session.submit(GetListing()).streams == seen.streams
    assert session.submit(ListGroups()) == []
    session.act_as_broker()
    listing = session.submit(GetListing())
    assert [row[0] for row in listing.streams] == ["mine", "other"]
    assert session.submit(GetListing()) is listing


def test_a_session_without_a_principal_is_nobodys() -> None:
    node, _ = node_with(mine("all"))
    with pytest.raises(AccessRefused, match="anonymous"):
        ATTEMPTS["find"](node.connect())


def test_a_door_may_ask_what_it_will_be_refused() -> None:
    _, session = node_with(mine("send"))
    assert session.is_guarded()
    assert not session.is_guarded("another")
    assert session.may(Need("default", STREAM, "mine", 64))
    assert not session.may(Need("default", STREAM, "other", 64))
    assert session.may_anywhere(Need("default", STREAM, "", 64))
    assert session.operations(STREAM, "other") == 0
    open_ = Engine().start().connect()
    assert open_.may(Need("default", NAMESPACE, "", 64))
    assert open_.may_anywhere(Need("default", NAMESPACE, "", 64))
    assert open_.operations(STREAM, "x")


def test_a_session_that_is_over_speaks_for_nobody() -> None:
    node, session = node_with(mine("all"))
    node.broker.close(session)
    assert session.id not in node.kernel.state.permissions._sessions
