"""Compiled definitions: files in any order, well-known ones without being there, bounded, hostile ones refused."""

import random
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.mutate import mutate

from dragoman.formats.schemas.compiled import FILES_MAX, root_of
from dragoman.formats.schemas.compiledtext import Compiled, spell
from dragoman.formats.schemas.limits import PARTS_MAX, Budget, SchemaMismatch
from dragoman.formats.schemas.proto import check_binary, check_json, read_message
from dragoman.model.errors import SchemaInvalid

STRING, INT32, MESSAGE = 9, 5, 11


def file(name: str, *needed: str, package: str = "shop") -> Any:
    return FileDescriptorProto(name=name, package=package, dependency=needed, syntax="proto3")


def order(*needed: str) -> Any:
    made = file("order.proto", "item.proto", "google/protobuf/timestamp.proto", *needed)
    message = made.message_type.add(name="Order")
    message.field.add(name="id", number=1, type=STRING, label=1)
    message.field.add(name="items", number=2, type=MESSAGE, label=3, type_name=".shop.Item")
    at = ".google.protobuf.Timestamp"
    message.field.add(name="at", number=3, type=MESSAGE, label=1, type_name=at)
    return made


def item() -> Any:
    made = file("item.proto")
    made.message_type.add(name="Item").field.add(name="count", number=1, type=INT32, label=1)
    return made


def compiled(*files: Any, root: str = "shop.Order") -> Compiled:
    return Compiled(root, FileDescriptorSet(file=files).SerializeToString())


@pytest.mark.parametrize("files", [(order(), item()), (item(), order())])
def test_data_is_judged_by_a_message_of_a_compiled_set(files: tuple[Any, ...]) -> None:
    definition = read_message(spell(compiled(*files)))
    made = definition.message(id="a", items=[{"count": 3}])
    check_binary(definition, made.SerializeToString(), Budget())
    good = b'{"id":"a","items":[{"count":3}],"at":"2026-01-02T03:04:05Z"}'
    check_json(definition, good, Budget())
    for bad in (b'{"items":[{"count":"x"}]}', b'{"at":"yesterday"}', b'{"nothing":1}'):
        with pytest.raises(SchemaMismatch):
            check_json(definition, bad, Budget())


def test_sets_that_lack_something_are_refused() -> None:
    loop = file("a.proto", "a.proto"), file("b.proto", "c.proto"), file("c.proto", "b.proto")
    for wrong in (
        compiled(order()),
        compiled(order(), item(), root="shop.Nothing"),
        compiled(order("gone.proto"), item()),
        compiled(item(), item(), order(), *loop),
        compiled(loop[1], loop[2], order(), item()),
        Compiled("shop.Order", b""),
        Compiled("shop.Order", b"\xff"),
    ):
        with pytest.raises(SchemaInvalid):
            root_of(wrong)


def test_a_set_has_bounds() -> None:
    many = [file(f"{at}.proto") for at in range(FILES_MAX)]
    with pytest.raises(SchemaInvalid, match="files"):
        root_of(compiled(order(), item(), *many))
    wide = item()
    for at in range(PARTS_MAX):
        wide.message_type.add(name=f"M{at}")
    with pytest.raises(SchemaInvalid, match="fields"):
        root_of(compiled(order(), wide))


@given(st.integers(0, 1 << 32))
def test_any_bytes_are_a_definition_or_refused(seed: int) -> None:
    chance = random.Random(seed)
    good = compiled(order(), item()).files
    raw = mutate(chance, good, [good])
    try:
        definition = read_message(spell(Compiled("shop.Order", raw)))
        check_json(definition, b'{"id":"a","items":[{}]}', Budget())
    except (SchemaInvalid, SchemaMismatch):
        pass
