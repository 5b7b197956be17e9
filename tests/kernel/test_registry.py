"""What a registry asks of the store; its own door's tests ask the rest."""

import pytest
from tests.kernel.test_schemas import INT, LONG, register, started

from dragoman.kernel.registry import (
    CheckSchema,
    FindSchema,
    GetSchemaById,
    ListReferring,
    SchemaUses,
)
from dragoman.kernel.schemas import DeleteSchema, DeleteSubject, GetSchema, RegisterSchema
from dragoman.kernel.schemastore import SchemaReference
from dragoman.model.errors import InUse, SchemaNotFound


def test_a_schema_is_found_by_its_id_until_the_last_that_has_it_goes() -> None:
    session = started()
    first, second = register(session, subject="a"), register(session, subject="b")
    assert first.id == second.id
    found = session.submit(GetSchemaById(id=first.id))
    assert isinstance(found, SchemaUses)
    assert found.uses == (("a", 1), ("b", 1))
    session.submit(DeleteSubject(subject="a"))
    found = session.submit(GetSchemaById(id=first.id))
    assert isinstance(found, SchemaUses)
    assert (found.info.subject, found.uses) == ("b", (("b", 1),))
    session.submit(DeleteSubject(subject="b"))
    with pytest.raises(SchemaNotFound):
        session.submit(GetSchemaById(id=first.id))
    assert register(session, subject="c").id != first.id, "an id is never given twice"


def test_what_is_registered_again_is_the_version_that_is_there() -> None:
    session = started()
    made = register(session)
    again = RegisterSchema(subject="s", kind="avro", text=' "int"', revision="x", is_again=True)
    assert session.submit(again) == made
    register(session, LONG)
    assert session.submit(FindSchema(subject="s", kind="avro", text=LONG)).version == 2
    with pytest.raises(SchemaNotFound):
        session.submit(FindSchema(subject="s", kind="avro", text='"bytes"'))


def test_a_rule_may_be_told_for_once() -> None:
    session = started()
    register(session, LONG)
    check = CheckSchema(subject="s", kind="avro", text=INT, rule="backward")
    assert session.submit(check) != ()
    assert session.submit(CheckSchema(subject="s", kind="avro", text=INT, rule="none")) == ()
    other = CheckSchema(subject="s", kind="json", text="{}", rule="full")
    assert session.submit(other) == ("s is avro, not json",)


def test_what_is_kept_is_there_for_those_who_ask() -> None:
    session = started()
    register(session)
    session.submit(DeleteSchema(subject="s", keeps=True))
    with pytest.raises(SchemaNotFound):
        session.submit(GetSchema(subject="s"))
    assert session.submit(GetSchema(subject="s", with_kept=True)).text == INT
    assert register(session, LONG).version == 2


def test_who_refers_to_a_version_is_known() -> None:
    session = started()
    record = '{"type":"record","name":"R","fields":[]}'
    register(session, record, "r")
    references = (SchemaReference("R", "r", 1),)
    user = register(session, '{"type":"map","values":"R"}', "u", references=references)
    assert session.submit(ListReferring(subject="r", version=1)) == [user.id]
    for command in (DeleteSubject(subject="r"), DeleteSchema(subject="r", keeps=True)):
        with pytest.raises(InUse):
            session.submit(command)
    with pytest.raises(SchemaNotFound):
        session.submit(ListReferring(subject="r", version=2))
