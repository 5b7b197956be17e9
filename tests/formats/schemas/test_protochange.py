import pytest

from dragoman.formats.schemas.proto import read_message
from dragoman.formats.schemas.protochange import compare


def found(reader: str, writer: str) -> list[str]:
    told: list[str] = []
    one, other = (read_message(f"message M {{ {body} }}") for body in (reader, writer))
    compare(one.message.DESCRIPTOR, other.message.DESCRIPTOR, set(), told)
    return told


@pytest.mark.parametrize(
    ("reader", "writer", "expected"),
    [
        ("optional int32 a = 1;", "", []),
        ("", "optional int32 a = 1;", []),
        ("required int32 a = 1;", "", ["M.a = 1 is required, and missing"]),
        ("", "required int32 a = 1;", []),
        (
            "required int32 a = 1;",
            "optional int32 a = 1;",
            ["M.a = 1 is required in one of the two"],
        ),
        ("optional int32 a = 1;", "optional int64 a = 1;", ["M.a = 1 is changed"]),
        ("optional int32 a = 1;", "optional int32 b = 1;", ["M.a = 1 is changed"]),
        ("optional int32 a = 1;", "repeated int32 a = 1;", ["M.a = 1 is changed"]),
        (
            "enum E { A = 0; } optional E e = 1;",
            "enum E { A = 0; B = 1; } optional E e = 1;",
            ["M.E.B = 1 is missing in M.E"],
        ),
        (
            "message N { optional int32 a = 1; } optional N n = 1;",
            "message N { optional string a = 1; } optional N n = 1;",
            ["M.N.a = 1 is changed"],
        ),
    ],
)
def test_fields_are_the_same_or_optional_and_enums_know_all_values(
    reader: str, writer: str, expected: list[str]
) -> None:
    assert found(reader, writer) == expected


def test_messages_within_themselves_are_compared_once() -> None:
    body = "optional M m = 1; optional int32 a = 2;"
    assert found(body, body) == []


def test_another_message_is_another() -> None:
    first, second = (read_message(f"message {name} {{}}") for name in ("A", "B"))
    told: list[str] = []
    compare(first.message.DESCRIPTOR, second.message.DESCRIPTOR, set(), told)
    assert told == ["B is another message than A"]
