"""SchemaService: schemas, their revisions, and what is said no to."""

import json
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from tests.doors.pubsub.client import PROJECT, Pubsub
from tests.doors.pubsub.test_topics import refused

from dragoman.doors.pubsub.schemas import REVISIONS_MAX, Schema
from dragoman.formats.schemas.limits import SCHEMA_BYTES_MAX
from dragoman.wire.grpc.codes import (
    ALREADY_EXISTS,
    FAILED_PRECONDITION,
    INVALID_ARGUMENT,
    NOT_FOUND,
)

PARENT = f"projects/{PROJECT}"
JSON, BINARY = 1, 2
BASIC, FULL = 1, 2


def name(id: str = "order") -> str:
    return f"{PARENT}/schemas/{id}"


def record(*fields: tuple[str, str], default: Any = None) -> str:
    declared = [
        {"name": field, "type": kind, **({} if default is None else {"default": default})}
        for field, kind in fields
    ]
    return json.dumps({"type": "record", "name": "Order", "fields": declared})


AVRO = {"type": Schema.AVRO, "definition": record(("a", "int"))}
WIDER = {"type": Schema.AVRO, "definition": record(("a", "int"), ("b", "int"), default=0)}
PROTO = {
    "type": Schema.PROTOCOL_BUFFER,
    "definition": 'syntax = "proto3"; message Order { string id = 1; }',
}


_FILE = FileDescriptorProto(name="order.proto", syntax="proto3")
_FILE.message_type.add(name="Order").field.add(name="id", number=1, type=9, label=1)
COMPILED: dict[str, Any] = {
    "root_message": "Order",
    "compiled_bytes": FileDescriptorSet(file=[_FILE]).SerializeToString(),
}


def compiled_as(**fields: Any) -> dict[str, Any]:
    return {"type": Schema.PROTOCOL_BUFFER, "compiled_proto_schema": {**COMPILED, **fields}}


def create(pubsub: Pubsub, id: str = "order", schema: Any = None) -> Any:
    return pubsub.ask("CreateSchema", parent=PARENT, schema_id=id, schema=schema or WIDER)


def commit(pubsub: Pubsub, id: str = "order", schema: Any = None) -> Any:
    return pubsub.ask("CommitSchema", name=name(id), schema=schema or WIDER)


def test_a_schema_is_made_told_and_deleted() -> None:
    pubsub = Pubsub()
    made = create(pubsub)
    assert (made.name, made.type, made.definition) == (name(), Schema.AVRO, WIDER["definition"])
    assert len(made.revision_id) == 8
    assert made.revision_create_time.ToMilliseconds() == pubsub.world.clock.now_ms
    assert pubsub.ask("GetSchema", name=name()) == made
    basic = pubsub.ask("GetSchema", name=name(), view=BASIC)
    assert (basic.definition, basic.revision_id) == ("", made.revision_id)
    assert (
        refused(pubsub, "CreateSchema", parent=PARENT, schema_id="order", schema=AVRO).code
        == ALREADY_EXISTS
    )
    pubsub.ask("DeleteSchema", name=name())
    for method in ("GetSchema", "DeleteSchema", "ListSchemaRevisions"):
        assert refused(pubsub, method, name=name()).code == NOT_FOUND


def test_lists_leave_definitions_out_unless_they_are_asked_for() -> None:
    pubsub = Pubsub()
    for each in ("one", "three", "two"):
        create(pubsub, each, PROTO)
    found = pubsub.ask("ListSchemas", parent=PARENT)
    assert [one.name for one in found.schemas] == [name(each) for each in ("one", "three", "two")]
    assert {one.definition for one in found.schemas} == {""}
    page = pubsub.ask("ListSchemas", parent=PARENT, view=FULL, page_size=2)
    assert [one.definition for one in page.schemas] == [PROTO["definition"]] * 2
    last = pubsub.ask("ListSchemas", parent=PARENT, page_token=page.next_page_token)
    assert [one.name for one in last.schemas] == [name("two")]
    assert pubsub.ask("ListSchemas", parent="projects/other").schemas == []


def test_revisions_are_committed_listed_and_rolled_back_to() -> None:
    pubsub = Pubsub()
    first = create(pubsub)
    second = commit(pubsub)
    assert pubsub.ask("GetSchema", name=name()).revision_id == second.revision_id
    assert pubsub.ask("GetSchema", name=f"{name()}@{first.revision_id}") == first
    third = pubsub.ask("RollbackSchema", name=name(), revision_id=first.revision_id)
    assert third.definition == first.definition
    listed = pubsub.ask("ListSchemaRevisions", name=name(), view=FULL)
    assert list(listed.schemas) == [third, second, first]
    gone = pubsub.ask("DeleteSchemaRevision", name=f"{name()}@{second.revision_id}")
    assert gone == second
    left = pubsub.ask("ListSchemaRevisions", name=name())
    assert [one.revision_id for one in left.schemas] == [third.revision_id, first.revision_id]
    pubsub.ask("DeleteSchemaRevision", name=name(), revision_id=first.revision_id)
    only = f"{name()}@{third.revision_id}"
    assert refused(pubsub, "DeleteSchemaRevision", name=only).code == FAILED_PRECONDITION
    assert refused(pubsub, "DeleteSchemaRevision", name=f"{name()}@ffffffff").code == NOT_FOUND
    assert refused(pubsub, "DeleteSchemaRevision", name=name()).code == INVALID_ARGUMENT


def test_a_revision_that_does_not_go_with_the_one_before_is_refused_in_googles_words() -> None:
    pubsub = Pubsub()
    first = create(pubsub)
    other = {"type": Schema.AVRO, "definition": record(("a", "string"), default="")}
    status = refused(pubsub, "CommitSchema", name=name(), schema=other)
    assert status.code == INVALID_ARGUMENT
    assert status.message.startswith("Compatibility checking failed to commit a schema revision")
    assert f"previous revision: {first.revision_id}. Failed with error: $.a" in status.message
    assert refused(pubsub, "CommitSchema", name=name(), schema=PROTO).code == INVALID_ARGUMENT
    assert refused(pubsub, "CommitSchema", name=name("none"), schema=AVRO).code == NOT_FOUND
    called = {**WIDER, "name": name("other")}
    assert refused(pubsub, "CommitSchema", name=name(), schema=called).code == INVALID_ARGUMENT


def test_a_schema_has_so_many_revisions_and_no_more() -> None:
    pubsub = Pubsub()
    create(pubsub)
    for _ in range(REVISIONS_MAX - 1):
        commit(pubsub)
    assert refused(pubsub, "CommitSchema", name=name(), schema=WIDER).code == FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": Schema.AVRO, "definition": "{"}, INVALID_ARGUMENT),
        ({"type": Schema.AVRO}, INVALID_ARGUMENT),
        ({"definition": '"int"'}, INVALID_ARGUMENT),
        ({"type": Schema.AVRO, "definition": " " * (SCHEMA_BYTES_MAX + 1)}, INVALID_ARGUMENT),
        (
            {"type": Schema.PROTOCOL_BUFFER, "definition": "message M { string a = 1; }"},
            INVALID_ARGUMENT,
        ),
        (
            {"type": Schema.PROTOCOL_BUFFER, "compiled_proto_schema": {"root_message": "M"}},
            INVALID_ARGUMENT,
        ),
        ({"type": Schema.AVRO, "compiled_proto_schema": COMPILED}, INVALID_ARGUMENT),
        ({**PROTO, "compiled_proto_schema": COMPILED}, INVALID_ARGUMENT),
        (compiled_as(root_message="Other"), INVALID_ARGUMENT),
        (compiled_as(compiled_bytes=b"\xff"), INVALID_ARGUMENT),
        (compiled_as(compiled_bytes=bytes(SCHEMA_BYTES_MAX + 1)), INVALID_ARGUMENT),
    ],
)
def test_what_is_no_schema_is_refused_wherever_it_is_told(schema: Any, code: int) -> None:
    pubsub = Pubsub()
    create(pubsub, "there")
    asked: Any = (
        ("ValidateSchema", {"parent": PARENT}),
        ("CreateSchema", {"parent": PARENT, "schema_id": "order"}),
        ("CommitSchema", {"name": name("there")}),
        ("ValidateMessage", {"parent": PARENT, "message": b"1", "encoding": JSON}),
    )
    for method, fields in asked:
        assert refused(pubsub, method, schema=schema, **fields).code == code


def test_messages_are_judged_by_a_schema_that_is_there_or_told() -> None:
    pubsub = Pubsub()
    made = create(pubsub)
    pubsub.ask("ValidateSchema", parent=PARENT, schema=PROTO)
    for spec in ({"name": name()}, {"name": f"{name()}@{made.revision_id}"}, {"schema": WIDER}):
        good = {"parent": PARENT, "message": b'{"a":1,"b":2}', "encoding": JSON, **spec}
        pubsub.ask("ValidateMessage", **good)
        pubsub.ask("ValidateMessage", **{**good, "message": b"\x02\x04", "encoding": BINARY})
        status = refused(pubsub, "ValidateMessage", **{**good, "message": b'{"a":1}'})
        assert status.code == INVALID_ARGUMENT
        assert "$.b is missing" in status.message
    asked = {"parent": PARENT, "message": b"", "name": name()}
    assert refused(pubsub, "ValidateMessage", **asked).code == INVALID_ARGUMENT
    assert refused(pubsub, "ValidateMessage", parent=PARENT, encoding=JSON).code == INVALID_ARGUMENT
    missing: Any = {"parent": PARENT, "encoding": JSON, "name": name("none")}
    assert refused(pubsub, "ValidateMessage", **missing).code == NOT_FOUND


@pytest.mark.parametrize("id", ["", "a", "goog-a", "1ab", "a" * 256, "a/b", "a@b"])
def test_names_that_pubsub_does_not_allow_are_refused(id: str) -> None:
    asked = {"parent": PARENT, "schema_id": id, "schema": AVRO}
    assert refused(Pubsub(), "CreateSchema", **asked).code == INVALID_ARGUMENT


def test_a_compiled_schema_is_told_as_it_came_and_follows_source() -> None:
    pubsub = Pubsub()
    first = create(pubsub, schema=PROTO)
    made = commit(pubsub, schema=compiled_as())
    told = pubsub.ask("GetSchema", name=name())
    assert told == made
    assert (told.definition, told.compiled_proto_schema.root_message) == ("", "Order")
    assert told.compiled_proto_schema.compiled_bytes == COMPILED["compiled_bytes"]
    basic = pubsub.ask("GetSchema", name=name(), view=BASIC)
    assert not basic.HasField("compiled_proto_schema")
    back = pubsub.ask("RollbackSchema", name=name(), revision_id=made.revision_id)
    assert back.compiled_proto_schema == made.compiled_proto_schema
    old = pubsub.ask("RollbackSchema", name=name(), revision_id=first.revision_id)
    assert old.definition == PROTO["definition"]


def test_messages_are_judged_by_a_compiled_schema() -> None:
    pubsub = Pubsub()
    create(pubsub, schema=compiled_as())
    asked: dict[str, Any] = {"parent": PARENT, "name": name(), "encoding": JSON}
    pubsub.ask("ValidateMessage", message=b'{"id":"a"}', **asked)
    assert refused(pubsub, "ValidateMessage", message=b'{"x":1}', **asked).code == INVALID_ARGUMENT
