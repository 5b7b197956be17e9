"""Users that tools have made, and what opens to them."""

import pytest
from tests.fakes.node import FakeDoor, FakePeer, FakeShell, ManualWorker, World, post

from dragoman.doors.shared import users
from dragoman.doors.shared.notyet import NotYet
from dragoman.doors.shared.users import User
from dragoman.kernel.api import Session
from dragoman.model.errors import AccessRefused, DocumentNotFound
from dragoman.runtime.aside import WAITING_MAX, Aside

OF_TEST12 = "rabbit_password_hashing_sha256$kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def session_of(world: World) -> Session:
    return world.broker.open(lambda session: FakeDoor(), FakeShell())


def with_ann(world: World) -> Session:
    session = session_of(world)
    users.put(session, "ann", User(OF_TEST12, ("management",)))
    return session


def test_a_user_shows_its_password_even_while_anybody_else_is_who_they_say() -> None:
    session = with_ann(World())
    assert users.authenticate(session, "ann", b"test12") == "ann"
    assert users.authenticate(session, "ann", b"other") is None
    assert users.authenticate(session, "ann", b"") is None
    assert users.authenticate(session, "bob", b"anything") == "bob"
    assert users.authenticate(session, "", b"") == ""


def test_users_of_the_configuration_go_before() -> None:
    session = with_ann(World({"ann": b"mine"}))
    assert users.authenticate(session, "ann", b"mine") == "ann"
    assert users.authenticate(session, "ann", b"test12") is None
    assert users.authenticate(session, "bob", b"test12") is None


def test_what_is_worked_out_beside_is_asked_for_again() -> None:
    world, worker = World(), ManualWorker()
    told: list[object] = []
    world.broker.aside = Aside(lambda: worker, post, told.extend)
    session = with_ann(world)
    with pytest.raises(NotYet):
        users.authenticate(session, "ann", b"test12")
    with pytest.raises(NotYet):
        users.hashed(session, "ann", b"new")
    worker.close()
    assert told == [session, session]
    assert users.authenticate(session, "ann", b"test12") == "ann"
    kept = users.hashed(session, "ann", b"new")
    assert kept == users.hashed(session, "ann", b"new")  # remembered, salt and all
    assert kept.startswith("$argon2id$")


def test_while_too_many_are_looked_at_nobody_comes_in() -> None:
    world = World()
    world.broker.aside = Aside(ManualWorker, post, lambda _: None)
    session = with_ann(world)
    for number in range(WAITING_MAX):
        session.aside(b"%d" % number, lambda: 1)
    assert users.authenticate(session, "ann", b"test12") is None


def test_a_user_is_kept_changed_listed_and_forgotten() -> None:
    session = with_ann(World())
    users.put(session, "bob", User())
    assert list(users.all_of(session)) == ["ann", "bob"]
    users.put(session, "ann", User(tags=("monitoring",)))
    assert users.find(session, "ann") == User(tags=("monitoring",))
    users.delete(session, "ann")
    assert users.find(session, "ann") is None
    with pytest.raises(DocumentNotFound):
        users.delete(session, "ann")


def test_who_may_not_alter_the_namespace_makes_no_users() -> None:
    world = World()
    world.kernel.state.permissions.configure(("root",), ("default",))
    world.kernel.state.guarded = True
    session = session_of(world)
    session.act_as("root")
    users.put(session, "ann", User())
    session.act_as("bob", FakePeer.peer[0])
    with pytest.raises(AccessRefused):
        users.put(session, "eve", User())
    with pytest.raises(AccessRefused):
        users.delete(session, "ann")
