import json
from typing import Any

import pytest
from tests.formats.schemas.reading import read_text

from dragoman.formats.schemas.avrochange import problems


def reads(reader: Any, writer: Any) -> bool:
    return not problems(read_text(json.dumps(reader)), read_text(json.dumps(writer)))


def record(*fields: Any, name: str = "R", **more: Any) -> Any:
    return {"type": "record", "name": name, "fields": list(fields), **more}


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "int"}
B_ELSE = {"name": "b", "type": "int", "default": 0}


def enum(*symbols: str, **more: Any) -> Any:
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        ("long", "int", True),
        ("int", "long", False),
        ("bytes", "string", True),
        ("double", "float", True),
        (record(A), record(A, B), True),
        (record(A, B), record(A), False),
        (record(A, B_ELSE), record(A), True),
        (record({"name": "c", "type": "int", "aliases": ["a"]}), record(A), True),
        (record(A, name="S"), record(A), False),
        (record(A, name="S", aliases=["R"]), record(A), True),
        (record(A, namespace="x"), record(A, namespace="y"), True),
        (enum("X", "Y"), enum("X"), True),
        (enum("X"), enum("X", "Y"), False),
        (enum("X", default="X"), enum("X", "Y"), True),
        (["null", "int"], "int", True),
        ("int", ["null", "int"], False),
        (["null", "long"], ["null", "int"], True),
        (["null", "string"], "int", False),
        ({"type": "array", "items": "long"}, {"type": "array", "items": "int"}, True),
        ({"type": "map", "values": "int"}, {"type": "map", "values": "string"}, False),
        (
            {"type": "fixed", "name": "F", "size": 2},
            {"type": "fixed", "name": "F", "size": 3},
            False,
        ),
    ],
)
def test_what_one_wrote_is_read_by_the_other_as_the_specification_says(
    reader: Any, writer: Any, expected: bool
) -> None:
    assert reads(reader, writer) is expected


def test_types_within_themselves_are_compared_once() -> None:
    chain = record(A, {"name": "next", "type": ["null", "R"]})
    assert reads(chain, chain)
    other = record({"name": "a", "type": "string"}, {"name": "next", "type": ["null", "R"]})
    (problem, *_) = problems(read_text(json.dumps(chain)), read_text(json.dumps(other)))
    assert problem.startswith("$.a: string cannot be read as int")


def test_unions_that_ask_about_each_other_without_end_are_given_up() -> None:
    def tangle(kind: str) -> Any:
        inner: Any = kind
        for depth in range(12):
            inner = [record({"name": "x", "type": inner}, name=f"R{depth}_{at}") for at in range(1)]
        return inner

    assert not reads(tangle("int"), tangle("string"))
