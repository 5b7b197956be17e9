"""Transactions over a link to the coordinator: all of it or nothing."""

from typing import Any

from tests.doors.shared.amqp10.client import Client, World, message

from dragoman.doors.shared.amqp10.transactions import COMMANDS_MAX, OPEN_MAX
from dragoman.kernel.api import DeleteQueue
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.messaging import (
    ACCEPTED,
    Accepted,
    Coordinator,
    Declare,
    Declared,
    Discharge,
    Rejected,
    TransactionalState,
)
from dragoman.wire.amqp10.performatives import Attach, Detach

HANDLE = 9


def begun(*queues: str) -> tuple[World, Client]:
    world = World()
    for name in queues or ("q",):
        world.declare(name)
    client = world.connect()
    client.attach(Attach("c", HANDLE, False, target=Coordinator()))
    return world, client


def asked(client: Client, request: Any) -> Any:
    """What a request comes to."""
    client.send(b"\x00\x53\x77" + to_bytes(request), handle=HANDLE)
    ((_, _, state),) = client.outcomes()
    return state


def declared(client: Client) -> bytes:
    state = asked(client, Declare())
    assert isinstance(state, Declared)
    return bytes(state.txn_id)


def test_what_is_sent_is_there_once_it_is_discharged() -> None:
    world, client = begun()
    name = declared(client)
    client.sender("q")
    client.send(message(b"1"), message(b"2"), state=TransactionalState(name))
    states = [state for _, _, state in client.outcomes()]
    assert states
    assert all(isinstance(each, TransactionalState) and each.outcome == ACCEPTED for each in states)
    assert world.info().ready == 0
    assert isinstance(asked(client, Discharge(name)), Accepted)
    assert world.info().ready == 2


def test_what_is_sent_is_nothing_when_it_is_undone() -> None:
    world, client = begun()
    name = declared(client)
    client.sender("q")
    client.send(message(b"1"), state=TransactionalState(name))
    client.outcomes()
    assert isinstance(asked(client, Discharge(name, fail=True)), Accepted)
    assert world.info().ready == 0


def test_what_is_settled_here_and_sent_there_happens_at_once() -> None:
    world, client = begun("q", "out")
    client.sender("q")
    client.send(message(b"1"))
    client.receiver("q")
    client.heard()
    name = declared(client)
    client.sender("out", 5)
    client.send(message(b"2"), handle=5, state=TransactionalState(name))
    client.settle(0, state=TransactionalState(name, ACCEPTED), settled=False)
    assert any(isinstance(frame, tuple) for frame in client.outcomes())
    assert (world.info().leased, world.info("out").ready) == (1, 0)
    assert isinstance(asked(client, Discharge(name)), Accepted)
    assert (world.info().leased, world.info().ready, world.info("out").ready) == (0, 0, 1)


def test_what_was_settled_in_one_that_is_undone_is_held_as_before() -> None:
    world, client = begun()
    client.sender("q")
    client.send(message(b"1"), message(b"2"), message(b"3"))
    client.receiver("q")
    client.heard()
    name = declared(client)
    client.settle(1, state=TransactionalState(name, ACCEPTED))
    asked(client, Discharge(name, fail=True))
    assert world.info().leased == 3
    client.settle(0, 2)
    assert (world.info().leased, world.info().ready) == (0, 0)


def test_one_refusal_refuses_the_set() -> None:
    world, client = begun("q", "out")
    client.sender("q")
    client.send(message(b"1"))
    client.receiver("q")
    client.heard()
    name = declared(client)
    client.sender("out", 5)
    client.send(message(b"2"), handle=5, state=TransactionalState(name))
    client.settle(0, state=TransactionalState(name, ACCEPTED))
    client.outcomes()
    world.kernel.submit(DeleteQueue(name="out"), world.kernel.open_session())
    state = asked(client, Discharge(name))
    assert isinstance(state, Rejected)
    assert state.error is not None
    assert state.error.condition == "amqp:transaction:rollback"
    assert (world.info().leased, world.info().ready) == (1, 0)


def test_names_that_nobody_has_given_are_refused() -> None:
    _, client = begun()
    assert isinstance(asked(client, Discharge(b"none")), Rejected)
    client.sender("q")
    client.send(message(b"1"), state=TransactionalState(b"none"))
    ((_, _, state),) = client.outcomes()
    assert isinstance(state, Rejected)
    assert state.error is not None
    assert state.error.condition == "amqp:transaction:unknown-id"


def test_what_is_no_request_is_rejected_alone() -> None:
    _, client = begun()
    client.send(message(b"x"), handle=HANDLE)
    ((_, _, state),) = client.outcomes()
    assert isinstance(state, Rejected)
    assert declared(client)


def test_what_is_open_when_the_coordinators_link_closes_is_undone() -> None:
    world, client = begun()
    name = declared(client)
    client.sender("q")
    client.send(message(b"1"), state=TransactionalState(name))
    client.say(Detach(HANDLE, True))
    client.heard()
    client.send(message(b"2"), state=TransactionalState(name))
    ((_, _, state),) = client.outcomes()
    assert isinstance(state, Rejected)
    assert world.info().ready == 0


def test_there_is_a_bound_to_what_is_open_and_to_what_is_in_one() -> None:
    _, client = begun()
    names = [declared(client) for _ in range(OPEN_MAX)]
    assert isinstance(asked(client, Declare()), Rejected)
    assert isinstance(asked(client, Discharge(names[0])), Accepted)
    assert declared(client)
    assert COMMANDS_MAX > 0
