"""Queues, routes, streams and dynamic nodes, by their addresses."""

import pytest
from tests.doors.shared.amqp10.client import Client, World, message, message_of
from tests.doors.shared.test_users import OF_TEST12
from tests.fakes.node import ManualWorker, post

from dragoman.doors.shared import users
from dragoman.formats.canonical import encode
from dragoman.kernel.api import (
    Address,
    Bind,
    BindingSettings,
    CreateGrants,
    DeclareRoute,
    Grant,
    Publish,
)
from dragoman.kernel.commands import CreateStream, DeleteStream, TrimStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message
from dragoman.runtime.aside import Aside
from dragoman.wire.amqp10.errors import RESOURCE_DELETED, UNAUTHORIZED_ACCESS
from dragoman.wire.amqp10.frames import SASL_HEADER, sasl_frame
from dragoman.wire.amqp10.messaging import ACCEPTED, RELEASED, Source, Target
from dragoman.wire.amqp10.performatives import Attach, Detach, SaslInit
from dragoman.wire.amqp10.values import Described, Symbol

SPEC = Symbol("rabbitmq:stream-offset-spec")


def streamed(world: World, count: int = 3) -> None:
    session = world.kernel.open_session()
    world.kernel.submit(CreateStream(name="log", settings=StreamSettings(retention_ms=-1)), session)
    for number in range(count):
        body = encode(Message(b"%d" % number))
        world.kernel.publish(Publish("default", Address("log"), CANONICAL, [body]))
    world.run()


def from_(spec: object) -> Source:
    return Source("log", filter={SPEC: Described(SPEC, spec)})


def test_a_route_hands_on_by_the_key_of_the_address() -> None:
    world = World()
    world.declare()
    session = world.kernel.open_session()
    world.kernel.submit(DeclareRoute(name="x"), session)
    world.kernel.submit(Bind(route="x", target="q", binding=BindingSettings(key="k")), session)
    client = world.connect()
    client.sender("/exchanges/x/k", 0)
    client.sender("/exchanges/x/other", 5)
    client.send(message(b"1"))
    client.send(message(b"2"), handle=5)
    assert [state for _, _, state in client.outcomes()][-1] == RELEASED, "nobody is bound to it"
    client.receiver("/queues/q")
    assert client.bodies() == [b"1"]


def test_without_an_address_each_message_says_where_it_goes() -> None:
    world = World()
    world.declare()
    client = world.connect()
    client.sender(None)
    client.send(message(b"1", to="/queues/q"), message(b"2", to="q"), message(b"3"))
    assert world.info().ready == 2


@pytest.mark.parametrize(
    ("spec", "expected"),
    [("first", [b"0", b"1", b"2"]), ("last", [b"2"]), (1, [b"1", b"2"]), ("next", [])],
)
def test_a_stream_without_a_queue_is_read_from_where_the_client_says(
    spec: object, expected: list[bytes]
) -> None:
    world = World()
    streamed(world)
    client = world.connect()
    client.receiver(source=from_(spec))
    frames = client.transfers()
    assert [message_of(frame.payload).body for frame in frames] == expected
    assert all(b"x-stream-offset" in frame.payload for frame in frames)


def test_a_stream_goes_on_as_it_grows_and_as_credit_comes() -> None:
    world = World()
    streamed(world, 5)
    client = world.connect()
    client.receiver(source=from_("first"), credit=2)
    assert client.bodies() == [b"0", b"1"]
    client.settle(0, 1)
    client.credit(10, count=2)
    assert client.bodies() == [b"2", b"3", b"4"]
    client.sender("log")
    client.send(message(b"5"))
    assert client.bodies() == [b"5"]


def test_a_drain_of_a_stream_is_answered() -> None:
    world = World()
    streamed(world, 1)
    client = world.connect()
    client.receiver(source=from_("first"), credit=0)
    client.credit(5, drain=True)
    assert [frame.body.__class__.__name__ for frame in client.heard()][-2:] == ["Transfer", "Flow"]


def test_a_place_that_is_none_is_refused() -> None:
    world = World()
    streamed(world)
    *_, detach = world.connect().receiver(source=from_("sideways"), credit=0)
    assert isinstance(detach, Detach)


def test_a_dynamic_node_is_made_and_goes_with_its_connection() -> None:
    world = World()
    client = world.connect()
    attach = client.receiver(source=Source(None, dynamic=True))[0]
    address = attach.source.address
    assert address.startswith("/queues/amq.dynamic-")
    other = world.connect()
    other.sender(None)
    other.send(message(b"reply", to=address))
    assert client.bodies() == [b"reply"]
    client.close()
    other.heard()
    attach, detach = other.attach(Attach("again", 9, False, target=Target(address)))
    assert isinstance(detach, Detach)


def test_another_protocols_message_is_shown_with_its_fields() -> None:
    world = World()
    world.declare()
    there = Message(b"x", [("n", 1)])
    there.type = "t"
    world.kernel.publish(Publish("default", Address("q"), CANONICAL, [encode(there)]))
    client = world.connect()
    client.receiver()
    (frame,) = client.transfers()
    found = message_of(frame.payload)
    assert (found.type, found.headers, found.body) == ("t", [("n", 1)], b"x")


def test_predeclared_exchanges_are_there_for_whoever_names_them() -> None:
    world = World()
    client = world.connect()
    client.sender("/exchanges/amq.topic/a.b")
    client.send(message(b"1"))
    assert client.outcomes()[-1][-1] == RELEASED, "it is there, and nobody is bound to it"
    client.sender(None, 5)
    client.send(message(b"2", to="/exchanges/amq.fanout"), handle=5)
    assert client.outcomes()[-1][-1] == RELEASED


def test_a_reader_that_retention_overtakes_goes_on_where_the_stream_begins() -> None:
    world = World()
    streamed(world, 300)
    client = world.connect()
    client.receiver(source=from_("first"), credit=1)
    assert client.bodies() == [b"0"]
    session = world.kernel.open_session()
    world.kernel.submit(TrimStream(name="log", partition=0, offset=298), session)
    client.credit(10, count=1)
    assert client.bodies() == [b"298", b"299"]


def test_a_reader_is_told_when_its_stream_is_gone_and_reads_no_other_of_the_name() -> None:
    world = World()
    streamed(world, 1)
    client = world.connect()
    client.receiver(source=from_("first"))
    assert client.bodies() == [b"0"]
    session = world.kernel.open_session()
    world.kernel.submit(DeleteStream(name="log"), session)
    streamed(world, 1)
    (detach,) = client.heard()
    assert isinstance(detach.body, Detach)
    assert detach.body.error.condition == RESOURCE_DELETED


def logged_in(world: World) -> Client:
    """As ann, whom tools have made."""
    worker = ManualWorker()
    world.broker.aside = Aside(lambda: worker, post, world.broker.tell_soon)
    client = world.connect(hello=False)
    users.put(client.session, "ann", users.User(OF_TEST12))
    client.give(SASL_HEADER + sasl_frame(SaslInit("PLAIN", b"\0ann\0test12")))
    worker.close()
    world.run()
    client.hello()
    return client


def test_a_user_that_was_permitted_nothing_attaches_nothing_though_the_namespace_is_open() -> None:
    world = World()
    world.declare()
    client = logged_in(world)
    for answer in (client.sender(), client.receiver(credit=0)):
        *_, detach = answer
        assert detach.error.condition == UNAUTHORIZED_ACCESS
        assert detach.error.description == "access to vhost '/' refused for user 'ann'"
    grant = Grant(principal="ann", kinds=("stream",), operations=("describe", "send"), match="all")
    command = CreateGrants(namespace="default", grants=(grant,))
    world.kernel.submit(command, world.kernel.open_session())
    client.sender(handle=5)
    client.send(message(b"1"), handle=5)
    assert client.outcomes()[-1][-1] == ACCEPTED
