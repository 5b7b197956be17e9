"""What names mean in the kernel."""

import pytest
from tests.doors.pubsub.client import Pubsub, topic

from dragoman.doors.pubsub.finding import (
    KNOWN_MAX,
    Location,
    Locations,
    called,
    drop_location,
    find_stream,
    find_topic,
    is_topic,
    put_location,
)
from dragoman.doors.pubsub.names import Place
from dragoman.doors.shared.grpc.call import Status
from dragoman.kernel.api import CreateStream, DeclareQueue, StreamSettings

PLACE = Place("default", "sub")


def test_a_stream_is_found_by_its_name_and_by_what_it_is_called_here() -> None:
    session = Pubsub().connection.session
    session.submit(CreateStream(name="a/b"))
    session.submit(DeclareQueue(name="q/r"))
    stream, queue = called(session, "default", ("a/b", "q/r"))
    for name in ("a/b", stream):
        assert find_topic(session, Place("default", name)).name == "a/b"
    found = Locations().find(session, Place("default", queue))
    assert found is not None
    assert (found.head.name, found.where["subscription"]) == ("q/r", "")
    assert find_stream(session, Place("default", "absent")) is None
    with pytest.raises(Status):
        find_topic(session, Place("default", "absent"))


def test_a_subscription_is_where_its_document_says() -> None:
    pubsub = Pubsub()
    pubsub.make()
    session, locations = pubsub.connection.session, Locations()
    location = locations.of(session, PLACE)
    assert location == Location("default", "orders", "sub")
    assert locations.of(session, PLACE) is location
    put_location(session, PLACE, Location("default", "elsewhere", "sub"))
    assert locations.find(session, PLACE) is None
    with pytest.raises(Status):
        locations.get(session, PLACE)
    drop_location(session, PLACE, location)
    drop_location(session, PLACE, location)
    assert locations.of(session, PLACE) is None


def test_only_so_many_documents_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KNOWN_MAX > 1
    monkeypatch.setattr("dragoman.doors.pubsub.finding.KNOWN_MAX", 1)
    session, locations = Pubsub().connection.session, Locations()
    for name in ("aaa", "bbb"):
        put_location(session, Place("default", name), Location("default", name))
        assert locations.of(session, Place("default", name)) == Location("default", name)
    assert len(locations._known) == 1


def test_a_topic_that_was_deleted_is_none() -> None:
    assert is_topic(StreamSettings())
    assert not is_topic(StreamSettings(notes={"pubsub.deleted": "1"}))
    assert topic("a")
