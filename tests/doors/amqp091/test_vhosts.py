"""Virtual hosts: namespaces by another name."""

import pytest
from tests.doors.amqp091.client import World

from dragoman.doors.amqp091.arguments import from_note, queue_type
from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.queues import ARGUMENTS
from dragoman.doors.amqp091.vhosts import Vhost, all_of, create, delete, namespace_of
from dragoman.kernel.api import ListQueues
from dragoman.wire.amqp091 import methods as m


def test_the_root_is_the_default_namespace_and_others_are_their_own() -> None:
    world = World()
    session = world.connect().session
    assert namespace_of(session, "/") == "default"
    assert namespace_of(session, "v") is None
    assert create(session, "v", Vhost("d", ("t",)))
    assert not create(session, "v", Vhost("e"))
    assert namespace_of(session, "v") == "v"
    assert list(all_of(session)) == ["/", "v"]
    world.connect(vhost="v").declare("q")
    assert [info.name for info in session.submit(ListQueues(namespace="v"))] == ["q"]
    delete(session, "v")
    assert namespace_of(session, "v") is None
    assert session.submit(ListQueues(namespace="v")) == []


@pytest.mark.parametrize("name", ["default"])
def test_the_roots_namespace_is_no_name_for_another(name: str) -> None:
    with pytest.raises(Refused):
        create(World().connect().session, name, Vhost())


def test_the_root_stays() -> None:
    with pytest.raises(Refused):
        delete(World().connect().session, "/")


def test_queues_that_do_not_say_are_of_the_type_that_the_virtual_host_gives_them() -> None:
    world = World()
    session = world.connect().session
    for name in ("v", "/"):
        create(session, name, Vhost(default_queue_type="quorum"))
        client = world.connect(vhost=name)
        client.declare("q", durable=True)
        client.declare("q", durable=True)
        client.declare("q", durable=True, arguments={"x-queue-type": "quorum"})
        client.declare("passing")
        client.declare("mine", durable=True, exclusive=True)
        client.declare("old", durable=True, arguments={"x-queue-type": "classic"})
        namespace = str(namespace_of(session, name))
        kinds = {
            info.name: queue_type(from_note(info.settings.notes[ARGUMENTS]))
            for info in session.submit(ListQueues(namespace=namespace))
        }
        assert kinds == {"q": "quorum", "passing": "classic", "mine": "classic", "old": "classic"}
        client.close()


def test_a_durable_queue_of_a_host_of_streams_is_one() -> None:
    world = World()
    create(world.connect().session, "v", Vhost(default_queue_type="stream"))
    client = world.connect(vhost="v")
    client.declare("s", durable=True)
    client.publish(b"one", key="s")
    client.send(1, m.BasicGet(queue="s"))
    code, text = client.ended()
    assert (code, "not supported by stream" in text) == (540, True)
