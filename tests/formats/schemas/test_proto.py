import pytest

from dragoman.formats.schemas.limits import MEMORY_BYTES_MAX, Budget, SchemaMismatch
from dragoman.formats.schemas.proto import Definition, check_binary, check_json, read_message
from dragoman.model.errors import SchemaInvalid

ORDER = read_message(
    'syntax = "proto3"; message Order { string id = 1; int32 count = 2; repeated Order parts = 3;'
    " map<string, int64> by = 4; enum Tier { NONE = 0; GOLD = 1; } optional Tier tier = 5; }"
)
STRICT = read_message("message Strict { required string id = 1; }")


def passes(
    definition: Definition, data: bytes, *, is_json: bool = False, values: int = 100_000
) -> bool:
    try:
        (check_json if is_json else check_binary)(definition, data, Budget(values))
    except SchemaMismatch:
        return False
    return True


def test_messages_of_the_class_pass_in_both_encodings() -> None:
    made = ORDER.message(id="a", count=3, parts=[{"id": "b"}], by={"x": 1}, tier=1)
    assert passes(ORDER, made.SerializeToString())
    assert passes(
        ORDER, b'{"id":"a","parts":[{"count":1}],"by":{"x":"1"},"tier":"GOLD"}', is_json=True
    )
    assert passes(ORDER, b"")


def test_what_is_something_else_does_not_pass() -> None:
    assert not passes(ORDER, b"\x0a\x05ab")
    assert not passes(ORDER, b"\x0a\x01\xff")
    for text in (b"", b"[]", b'{"nothing":1}', b'{"count":"x"}', b'{"tier":"TIN"}', b"\xff"):
        assert not passes(ORDER, text, is_json=True)


def test_required_fields_are_asked_for() -> None:
    assert not passes(STRICT, b"")
    assert not passes(STRICT, b"{}", is_json=True)
    assert passes(STRICT, b"\x0a\x00")


def test_what_is_deep_or_long_is_bounded() -> None:
    assert not passes(ORDER, b'{"parts":[' * 10_000, is_json=True)
    assert not passes(ORDER, b'{"parts":[{},{},{}]}', is_json=True, values=10)
    nested = b""
    for _ in range(200):
        nested = b"\x1a" + varint_of(nested) + nested
    assert not passes(ORDER, nested)


def varint_of(raw: bytes) -> bytes:
    size, out = len(raw), bytearray()
    while size >= 0x80:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes((*out, size))


def test_two_bytes_that_are_a_message_of_many_fields_are_counted() -> None:
    fields = " ".join(f"optional int64 f{at} = {at};" for at in range(1, 950))
    wide = read_message(f"message M {{ message W {{ {fields} }} repeated W w = 1; }}")
    assert passes(wide, b"\x0a\x00" * 100)
    count = MEMORY_BYTES_MAX // wide.empty_bytes
    assert not passes(wide, b"\x0a\x00" * (2 * count))
    sparse = b"\x0a\xff\x7f" + b"\x08\x01" * 8_191 + b"\x08"
    assert not passes(wide, sparse * 2)


@pytest.mark.parametrize(
    "text",
    [
        'syntax = "proto3"; message M { Nothing a = 1; }',
        'syntax = "proto3"; message M { string a = 1; string b = 1; }',
        'syntax = "proto3"; message M { string a = 1; string a = 2; }',
        'syntax = "proto3"; message M { enum E { A = 1; } E e = 1; }',
    ],
)
def test_what_a_pool_does_not_take_is_refused(text: str) -> None:
    with pytest.raises(SchemaInvalid):
        read_message(text)


def test_two_definitions_may_give_one_name_to_different_things() -> None:
    first, second = (
        read_message(f"message M {{ optional {kind} a = 1; }}") for kind in ("int32", "string")
    )
    assert passes(first, b"\x08\x01") and passes(second, b"\x0a\x01a")
    assert not passes(second, b'{"a":1}', is_json=True)
