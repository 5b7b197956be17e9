from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare, publish

from dragoman.kernel.commands import DeclareQueue, DeleteQueue, DeleteStream, DescribeQueue
from dragoman.kernel.leases.commands import (
    CreateSubscription,
    DeleteSubscription,
    ListPushed,
    ListSubscriptions,
)
from dragoman.kernel.leases.pushed import NAME_CHARS_MAX
from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.kernel.settings import SubscriptionSettings
from dragoman.model.errors import InvalidArgument, StreamNotFound, SubscriptionNotFound
from dragoman.runtime.session import BrokerSession


def pushed(session: BrokerSession, face: str = "hook") -> list[tuple[str, str]]:
    """By namespace and names."""
    found = session.submit(ListPushed(face=face))
    places = [(info.namespace, info.stream, info.name != info.stream, info.name) for info in found]
    return [(stream, name) for _, stream, _, name in sorted(places)]


def subscribe(session: BrokerSession, name: str, **more: Any) -> None:
    made = SubscriptionSettings(early=True, **more)
    session.submit(CreateSubscription(name="q", subscription=name, settings=made))


def alter(session: BrokerSession, subscription: str = "", **more: Any) -> None:
    made = SubscriptionSettings(early=True, owns_stream=not subscription, **more)
    command = AlterSubscription(name="q", subscription=subscription, settings=made)
    session.submit(command)


def news(node: TestNode, session: BrokerSession) -> int:
    node.settle()
    door = node.doors[session.id]
    count, door.progress = door.progress, 0
    return count


def test_a_face_lists_what_it_pushes_wherever_it_is() -> None:
    session = Engine().start().connect()
    declare(session, "q", push="hook")
    subscribe(session, "b", push="hook")
    subscribe(session, "a", push="hook")
    subscribe(session, "other", push="mail")
    there = SubscriptionSettings(push="hook")
    session.submit(DeclareQueue(namespace="n", name="q", settings=there))
    assert pushed(session) == [("q", "q"), ("q", "a"), ("q", "b"), ("q", "q")]
    assert pushed(session, "mail") == [("q", "other")]
    assert pushed(session, "") == []
    assert [info.namespace for info in session.submit(ListPushed(face="hook"))].count("n") == 1


def test_what_has_not_changed_is_the_same_object() -> None:
    session = Engine().start().connect()
    declare(session, "q", push="hook")
    subscribe(session, "a", push="hook")
    before = session.submit(ListPushed(face="hook"))
    alter(session, "a", push="hook", retry_ms=7)
    after = session.submit(ListPushed(face="hook"))
    assert [info.settings.retry_ms for info in after] == [0, 7]
    assert after[0] is before[0]
    assert after[1] is not before[1]


def test_a_face_is_told_once_of_whatever_changes() -> None:
    node = Engine().start()
    session, face = node.connect(), node.connect()
    declare(session, "q")
    changes = (
        lambda: subscribe(session, "a", push="hook"),
        lambda: alter(session, "a", push="hook", retry_ms=5),
        lambda: alter(session, "a", push="mail"),
        lambda: alter(session, "a", push="hook"),
        lambda: session.submit(DeleteSubscription(name="q", subscription="a")),
        lambda: alter(session, push="hook"),
        lambda: session.submit(DeleteStream(name="q")),
        lambda: declare(session, "q", push="hook"),
        lambda: session.submit(DeleteQueue(name="q")),
    )
    for change in changes:
        face.watch_pushed("hook")
        assert news(node, face) == 0
        change()
        assert news(node, face) == 1
    declare(session, "q", push="hook")
    assert news(node, face) == 0, "it did not ask again"
    face.watch_pushed("hook")
    publish(session, "q", b"1")
    subscribe(session, "b", push="mail")
    alter(session, push="hook")  # as it was
    assert news(node, face) == 0
    node.broker.close(face)
    alter(session)
    node.settle()


def test_a_restart_forgets_nothing() -> None:
    engine = Engine()
    node = engine.start()
    session = node.connect()
    declare(session, "q", push="hook")
    subscribe(session, "a", push="hook")
    node.settle()
    node.checkpoint()
    alter(session)
    subscribe(session, "b", push="hook")
    node.settle()
    session = engine.start().connect()
    assert pushed(session) == [("q", "a"), ("q", "b")]


def test_subscriptions_are_listed_and_described_beside_their_queue() -> None:
    session = Engine().start().connect()
    declare(session, "q")
    declare(session, "other")
    subscribe(session, "a", retry_ms=7)
    names = [(info.stream, info.name) for info in session.submit(ListSubscriptions())]
    assert names == [("other", "other"), ("q", "q"), ("q", "a")]
    assert [info.name for info in session.submit(ListSubscriptions(name="q"))] == ["q", "a"]
    assert session.submit(DescribeQueue(name="q", subscription="a")).settings.retry_ms == 7
    with pytest.raises(SubscriptionNotFound):
        session.submit(DescribeQueue(name="q", subscription="b"))
    with pytest.raises(StreamNotFound):
        session.submit(ListSubscriptions(name="nowhere"))
    with pytest.raises(InvalidArgument):
        subscribe(session, "b", push="x" * (NAME_CHARS_MAX + 1))


FACES = st.sampled_from(["", "hook", "mail"])
NAMES = st.sampled_from(["a", "b"])


class Faces(RuleBasedStateMachine):
    """What a face believes, that looks when it is told and never else, is what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.begin()
        declare(self.session, "q")

    def begin(self) -> None:
        self.node = self.engine.start()
        self.session, self.face = self.node.connect(), self.node.connect()
        self.known: dict[str, list[tuple[str, int]]] = {}
        self.look()

    def look(self) -> None:
        for face in ("hook", "mail"):
            self.face.watch_pushed(face)
            infos = self.session.submit(ListPushed(face=face))
            self.known[face] = sorted((info.name, info.settings.retry_ms) for info in infos)

    def there(self) -> dict[str, SubscriptionSettings]:
        infos = self.session.submit(ListSubscriptions(name="q"))
        return {info.name: info.settings for info in infos if info.name != "q"}

    @rule(name=NAMES, push=FACES)
    def create(self, name: str, push: str) -> None:
        subscribe(self.session, name, push=push)

    @rule(name=NAMES, push=FACES, retry_ms=st.integers(0, 2))
    def alter(self, name: str, push: str, retry_ms: int) -> None:
        if name in self.there():
            made = SubscriptionSettings(early=True, owns_stream=False, push=push, retry_ms=retry_ms)
            self.session.submit(AlterSubscription(name="q", subscription=name, settings=made))

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if name in self.there():
            self.session.submit(DeleteSubscription(name="q", subscription=name))

    @rule(is_saved=st.booleans())
    def crash(self, is_saved: bool) -> None:
        self.node.settle()
        if is_saved:
            self.node.checkpoint()
        self.begin()

    @invariant()
    def a_face_that_looks_when_told_is_right(self) -> None:
        if news(self.node, self.face):
            self.look()
        there = self.there()
        for face in ("hook", "mail"):
            found = [(name, of.retry_ms) for name, of in there.items() if of.push == face]
            assert self.known[face] == found


TestFaces = Faces.TestCase
TestFaces.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
