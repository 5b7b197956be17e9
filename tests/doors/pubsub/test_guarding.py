"""Topics that have a schema: what they take, and what they say of it."""

from typing import Any

import pytest
from tests.doors.pubsub.client import Pubsub, topic
from tests.doors.pubsub.test_schemas import BINARY, JSON, PROTO, WIDER, commit, create, name, record
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub import guarding
from dragoman.doors.pubsub.guarding import DELETED_SCHEMA
from dragoman.doors.pubsub.schemas import Schema
from dragoman.formats import canonical
from dragoman.kernel.api import Address, Publish
from dragoman.model.errors import MessageInvalid
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message
from dragoman.wire.grpc.codes import INVALID_ARGUMENT, NOT_FOUND


def guarded(encoding: int = JSON, schema: Any = None, **more: str) -> Pubsub:
    pubsub = Pubsub()
    create(pubsub, schema=schema)
    settings = {"schema": name(), "encoding": encoding, **more}
    pubsub.ask("CreateTopic", name=topic("orders"), schema_settings=settings)
    pubsub.make()
    return pubsub


def publish(pubsub: Pubsub, *data: bytes) -> Any:
    messages = [{"data": one} for one in data]
    return pubsub.ask("Publish", topic=topic("orders"), messages=messages)


def refusal(pubsub: Pubsub, *data: bytes) -> Any:
    messages = [{"data": one, "attributes": {"a": "b"}} for one in data]
    return refused(pubsub, "Publish", topic=topic("orders"), messages=messages)


def change(pubsub: Pubsub, path: str, **settings: Any) -> Any:
    return pubsub.ask(
        "UpdateTopic",
        topic={"name": topic("orders"), "schema_settings": settings},
        update_mask={"paths": [path]},
    )


@pytest.mark.parametrize(
    ("encoding", "schema", "good", "bad"),
    [
        (JSON, WIDER, b'{"a":1,"b":2}', b'{"a":1}'),
        (BINARY, WIDER, b"\x02\x04", b"\x02"),
        (JSON, PROTO, b'{"id":"x"}', b'{"no":"x"}'),
        (BINARY, PROTO, b"\x0a\x01x", b"\x0a\x05x"),
    ],
)
def test_a_topic_takes_what_its_schema_says_and_says_which_revision_it_was(
    encoding: int, schema: Any, good: bytes, bad: bytes
) -> None:
    pubsub = guarded(encoding, schema)
    revision = pubsub.ask("GetSchema", name=name()).revision_id
    publish(pubsub, good)
    (found,) = pubsub.pull()
    assert found.message.data == good
    assert dict(found.message.attributes) == {
        "googclient_schemaname": name(),
        "googclient_schemaencoding": "JSON" if encoding == JSON else "BINARY",
        "googclient_schemarevisionid": revision,
    }
    status = refusal(pubsub, good, bad)
    assert status.code == INVALID_ARGUMENT
    assert status.message.startswith("Invalid data in message: Message failed schema validation")


def test_nothing_of_a_refused_request_is_published() -> None:
    pubsub = guarded()
    refusal(pubsub, b'{"a":1,"b":2}', b"{}")
    assert pubsub.pull() == []


def test_what_a_publisher_says_of_the_schema_is_not_believed() -> None:
    pubsub = guarded()
    messages = [
        {"data": b'{"a":1,"b":2}', "attributes": {"googclient_schemaname": "x", "tier": "gold"}}
    ]
    pubsub.ask("Publish", topic=topic("orders"), messages=messages)
    (found,) = pubsub.pull()
    assert found.message.attributes["googclient_schemaname"] == name()
    assert found.message.attributes["tier"] == "gold"


def test_revisions_are_tried_from_the_newest_within_their_range() -> None:
    pubsub = guarded()
    first = pubsub.ask("GetSchema", name=name()).revision_id
    more = {
        "type": Schema.AVRO,
        "definition": record(("a", "int"), ("b", "int"), ("c", "int"), default=0),
    }
    second = commit(pubsub, schema=more).revision_id
    old, new = b'{"a":1,"b":2}', b'{"a":1,"b":2,"c":3}'
    publish(pubsub, old, new)
    told = [one.message.attributes["googclient_schemarevisionid"] for one in pubsub.pull()]
    assert told == [first, second]
    change(pubsub, "schema_settings.last_revision_id", last_revision_id=first)
    assert refusal(pubsub, new).code == INVALID_ARGUMENT
    publish(pubsub, old)
    change(pubsub, "schema_settings", schema=name(), encoding=JSON, first_revision_id=second)
    assert refusal(pubsub, old).code == INVALID_ARGUMENT
    publish(pubsub, new)


def test_a_range_keeps_its_bounds_when_a_revision_is_deleted() -> None:
    pubsub = guarded()
    first = pubsub.ask("GetSchema", name=name()).revision_id
    second, third = (commit(pubsub).revision_id for _ in range(2))
    change(pubsub, "schema_settings.last_revision_id", last_revision_id=second)
    pubsub.ask("DeleteSchemaRevision", name=f"{name()}@{second}")
    publish(pubsub, b'{"a":1,"b":2}')
    (found,) = pubsub.pull()
    assert found.message.attributes["googclient_schemarevisionid"] == first != third


def test_a_deleted_schema_is_told_and_nothing_is_taken_until_it_is_changed() -> None:
    pubsub = guarded()
    pubsub.ask("DeleteSchema", name=name())
    found = pubsub.ask("GetTopic", topic=topic("orders"))
    assert found.schema_settings.schema == DELETED_SCHEMA
    (listed,) = pubsub.ask("ListTopics", project="projects/default").topics
    assert listed == found
    assert refusal(pubsub, b'{"a":1,"b":2}').code == INVALID_ARGUMENT
    pubsub.ask(
        "UpdateTopic",
        topic={"name": topic("orders"), "labels": {"a": "b"}},
        update_mask={"paths": ["labels"]},
    )
    pubsub.ask(
        "UpdateTopic", topic={"name": topic("orders")}, update_mask={"paths": ["schema_settings"]}
    )
    publish(pubsub, b"anything")


def test_settings_of_a_schema_that_make_no_sense_are_refused() -> None:
    pubsub = Pubsub()
    first = create(pubsub).revision_id
    second = commit(pubsub).revision_id
    whole = {"schema": name(), "encoding": JSON}
    for settings, code in (
        ({"encoding": JSON}, INVALID_ARGUMENT),
        ({"schema": name()}, INVALID_ARGUMENT),
        ({"schema": "order", "encoding": JSON}, INVALID_ARGUMENT),
        ({"schema": name("none"), "encoding": JSON}, NOT_FOUND),
        ({**whole, "first_revision_id": "ffffffff"}, NOT_FOUND),
        ({**whole, "first_revision_id": second, "last_revision_id": first}, INVALID_ARGUMENT),
    ):
        asked = {"name": topic("t-1"), "schema_settings": settings}
        assert refused(pubsub, "CreateTopic", **asked).code == code
    assert refused(pubsub, "GetTopic", topic=topic("t-1")).code == NOT_FOUND


def test_what_is_known_of_topics_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "KNOWN_MAX", 2)
    pubsub = guarded()
    for at in range(4):
        pubsub.ask("CreateTopic", name=topic(f"plain-{at}"))
        pubsub.ask("Publish", topic=topic(f"plain-{at}"), messages=[{"data": b"x"}])
    publish(pubsub, b'{"a":1,"b":2}')
    assert len(pubsub.pull()) == 1


def test_too_much_to_be_judged_in_one_go_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = {"type": Schema.AVRO, "definition": '{"type":"array","items":"int"}'}
    pubsub = guarded(BINARY, many)
    count = 10_000
    array = b"\xa0\x9c\x01" + bytes(count) + b"\0"
    publish(pubsub, array)
    assert refusal(pubsub, *[array] * 45).code == INVALID_ARGUMENT


def sent(pubsub: Pubsub, body: bytes) -> bool:
    """Whether the topic takes it from another protocol."""
    message = Message()
    message.body = body
    command = Publish("default", Address("orders"), CANONICAL, [canonical.encode(message)])
    try:
        pubsub.world.kernel.publish(command)
    except MessageInvalid as error:
        return "rule schema order" not in str(error)
    return True


def test_what_comes_by_another_protocol_is_judged_as_well() -> None:
    pubsub = guarded()
    first = pubsub.ask("GetSchema", name=name()).revision_id
    more = {
        "type": Schema.AVRO,
        "definition": record(("a", "int"), ("b", "int"), ("c", "int"), default=0),
    }
    second = commit(pubsub, schema=more).revision_id
    old, new = b'{"a":1,"b":2}', b'{"a":1,"b":2,"c":3}'
    assert [sent(pubsub, body) for body in (old, new, b"{}")] == [True, True, False]
    change(pubsub, "schema_settings.last_revision_id", last_revision_id=first)
    assert [sent(pubsub, body) for body in (old, new)] == [True, False]
    change(pubsub, "schema_settings", schema=name(), encoding=JSON, first_revision_id=second)
    assert [sent(pubsub, body) for body in (old, new)] == [False, True]
    change(pubsub, "schema_settings", schema=name(), encoding=BINARY)
    assert [sent(pubsub, body) for body in (b"\x02\x04", old)] == [True, False]
    pubsub.ask("DeleteSchema", name=name())
    assert not sent(pubsub, b"\x02\x04")
    pubsub.ask(
        "UpdateTopic", topic={"name": topic("orders")}, update_mask={"paths": ["schema_settings"]}
    )
    assert sent(pubsub, b"anything")
