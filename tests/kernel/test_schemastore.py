import pytest
from tests.kernel.test_schemas import begun, register

from dragoman.kernel.schemastore import (
    REFERRED_MAX,
    SchemaReference,
    digest_by_id,
    digest_of,
    same_of,
    source_of,
)
from dragoman.model.errors import InvalidArgument, SchemaNotFound


def test_an_id_and_a_digest_lead_to_each_other() -> None:
    node = begun()
    made = register(node.connect(), subject="a")
    state = node.kernel.state
    digest = digest_of(state, "avro", ' "int" ', ())
    assert digest == digest_by_id(state, "default", made.id)
    same = same_of(state, "default", digest)
    assert same is not None
    assert (same.id, same.uses) == (made.id, (("a", 1),))
    assert digest_of(state, "json", '"int"', ()) != digest


def test_references_lead_to_texts_the_innermost_first() -> None:
    node = begun()
    session = node.connect()
    register(session, '{"type":"fixed","name":"A","size":1}', "a")
    inner = (SchemaReference("A", "a", 1),)
    register(
        session,
        '{"type":"record","name":"B","fields":[{"name":"a","type":"A"}]}',
        "b",
        references=inner,
    )
    source = source_of(node.kernel.state, "default", '"B"', (SchemaReference("B", "b", 1),))
    assert [name for name, _ in source.references] == ["A", "B"]
    with pytest.raises(SchemaNotFound):
        source_of(node.kernel.state, "default", '"B"', (SchemaReference("B", "b", 2),))
    many = tuple(SchemaReference(f"n{number}", "a", 1) for number in range(REFERRED_MAX + 1))
    with pytest.raises(InvalidArgument):
        source_of(node.kernel.state, "default", '"B"', many)
