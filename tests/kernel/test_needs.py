"""No command of the kernel is without its entry: whoever adds one says here who may give it."""

import importlib
import pkgutil
from typing import Any

import msgspec
import pytest
from tests.fakes.kernel import make_kernel

import dragoman.kernel
from dragoman.kernel import commands as c
from dragoman.kernel.atomic import Atomic
from dragoman.kernel.batches import Publish, Settle
from dragoman.kernel.groups.commands import CommitCursors
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.needs import SHOWN, TABLE
from dragoman.kernel.permissions import (
    DECLARE,
    DELETE,
    GROUP,
    KINDS,
    NODE,
    READ,
    RECEIVE,
    ROUTE,
    SEND,
    SETTLE,
    STREAM,
    SUBSCRIPTION,
    TRANSACTION,
    Need,
    subscription_name,
)
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, PumpSettings, RouteSettings, SubscriptionSettings
from dragoman.kernel.transactions.commands import AddCursors, InitProducer

NS = "default"


def kernel() -> Kernel:
    return make_kernel()


def needs(command: Any, of: Kernel | None = None) -> set[Need]:
    return set(TABLE[type(command)]((of or kernel()).state, command))


def test_every_command_that_the_kernel_answers_has_an_entry() -> None:
    answered = set(kernel()._handlers) | {Publish, Settle}
    assert answered == set(TABLE)
    assert set(SHOWN) <= answered


def test_every_command_that_doors_can_import_has_an_entry() -> None:
    """A command is what says in its docstring what it is replied."""
    found = {
        value
        for module in pkgutil.walk_packages(dragoman.kernel.__path__, "dragoman.kernel.")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and "Reply:" in (value.__doc__ or "")
    }
    assert found - {Publish, Settle} <= set(TABLE)
    assert Atomic in found


def _examples() -> list[Any]:
    """One of each cold command with a name for every text that it asks for."""
    made: list[Any] = []
    for command in TABLE:
        if issubclass(command, msgspec.Struct):
            fields = {
                field.name: _value(field)
                for field in msgspec.structs.fields(command)
                if field.required
            }
            made.append(command(**fields))
    return made


def _value(field: Any) -> Any:
    known = {
        "settings": PumpSettings(targets=(Address("t"),)),
        "commit": CommitCursors(group="g", cursors=()),
        "settings_of": SubscriptionSettings(),
    }
    if field.name in known:
        return known[field.name]
    text = str(field.type)
    if "tuple" in text or "Sequence" in text:
        return ()
    if "bool" in text:
        return True
    if "bytes" in text:
        return b""
    return 1 if "int" in text else "x"


@pytest.mark.parametrize("command", _examples(), ids=lambda command: type(command).__name__)
def test_what_a_command_needs_is_said_in_the_models_words(command: Any) -> None:
    if "settings" in command.__struct_fields__ and not isinstance(command, CreatePump):
        default = {"settings": SubscriptionSettings()}
        if "alternate" not in dir(command.settings):
            command = msgspec.structs.replace(command, **default)
    if isinstance(command, c.DeclareRoute | c.AlterRoute):
        command = type(command)(name="x", settings=RouteSettings(alternate="y"))
    for need in needs(command):
        assert need.kind in KINDS | {NODE}
        assert need.operations


def test_what_is_sent_through_a_route_is_about_the_route() -> None:
    direct = Publish(NS, Address("s"), 0, [b""])
    routed = Publish(NS, Address("r", "k", is_route=True), 0, [b""])
    assert needs(direct) == {Need(NS, STREAM, "s", SEND)}
    assert needs(Atomic((direct, routed))) == {
        Need(NS, STREAM, "s", SEND),
        Need(NS, ROUTE, "r", SEND),
    }


def test_a_settlement_is_about_the_stream_whose_subscription_it_touches() -> None:
    of = kernel()
    of.submit(c.DeclareQueue(name="q"), 1)
    of.submit(CreateSubscription(name="q", subscription="audit"), 1)
    queue, audit = (one.id for one in of.state.subscriptions.values())
    assert needs(Settle(queue, 0, 1, [], "ack"), of) == {Need(NS, STREAM, "q", SETTLE)}
    named = Need(NS, SUBSCRIPTION, subscription_name("q", "audit"), SETTLE)
    assert needs(Settle(audit, 0, 1, [], "ack"), of) == {named}
    assert needs(Settle(99, 0, 1, [], "ack"), of) == set()


def test_what_leads_somewhere_needs_sending_there() -> None:
    dead = SubscriptionSettings(dead_letter=Address("dead"))
    assert needs(c.DeclareQueue(name="q", settings=dead)) == {
        Need(NS, STREAM, "q", DECLARE, DECLARE),
        Need(NS, STREAM, "dead", SEND),
    }
    pump = CreatePump(name="p", source="a", settings=PumpSettings(targets=(Address("b"),)))
    assert Need(NS, STREAM, "b", SEND) in needs(pump)
    assert any(need.name == "a" and need.operations & (READ | RECEIVE) for need in needs(pump))
    bind = c.Bind(route="r", target="q")
    assert Need(NS, STREAM, "q", SEND) in needs(bind)


def test_a_groups_subscription_is_the_groups() -> None:
    of = kernel()
    of.submit(c.CreateStream(name="t"), 1)
    settings = SubscriptionSettings(group="g")
    of.submit(CreateSubscription(name="t", subscription="share:g", settings=settings), 1)
    found = needs(c.DescribeQueue(name="t", subscription="share:g"), of)
    assert {(need.kind, need.name) for need in found} == {(GROUP, "g")}


def test_cursors_of_a_transaction_are_about_all_that_they_move() -> None:
    commit = CommitCursors(group="g", cursors=(("a", 0, 1, 0, ""), ("b", 0, 1, 0, "")))
    command = AddCursors(
        transactional_id="x", producer_id=1, epoch=0, commit=commit, format=0, abort_marker=b""
    )
    assert needs(command) == {
        Need(NS, TRANSACTION, "x", SEND),
        Need(NS, GROUP, "g", READ),
        Need(NS, STREAM, "a", READ),
        Need(NS, STREAM, "b", READ),
    }
    assert needs(InitProducer()) == set()


def test_deleting_is_about_the_name() -> None:
    assert needs(c.DeleteStream(name="s")) == {Need(NS, STREAM, "s", DELETE)}
