"""Virtual hosts: namespaces by another name."""

import pytest
from tests.doors.amqp091.client import World

from dragoman.doors.amqp091.errors import Refused
from dragoman.doors.amqp091.vhosts import Vhost, all_of, create, delete, namespace_of
from dragoman.kernel.api import ListQueues


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
