"""Definitions are read as protoc reads them: what a message says is known from its descriptor."""

from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from hypothesis import given
from hypothesis import strategies as st

from dragoman.formats.schemas.limits import PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.formats.schemas.protosource import read_definition
from dragoman.model.errors import SchemaInvalid

ALL = """
// a comment; message Not {}
syntax = "proto3";  /* and
another */
package shop.v1;
option java_package = "com.shop";
message Order {
  option deprecated = true;
  reserved 4, 10 to 12, 100 to max;
  reserved "old", 'older';
  enum Tier { option allow_alias = true; NONE = 0; TIN = 1; CAN = 1 [deprecated = true]; reserved 7; }
  message Line { string sku = 1; repeated Line lines = 2; }
  string id = 1;
  optional int32 count = 2 [json_name = "howMany", deprecated = true];
  repeated sint64 totals = 3 [packed = false];
  map<string, Line> by_sku = 5;
  oneof note { string text = 6; .shop.v1.Order.Line line = 0x7; }
  Tier tier = 010;
  message.Odd odd = 9;
  message message { message Odd {} }
}
"""


def message(text: str) -> Any:
    return read_definition(text).message_type[0]


def test_everything_a_message_may_say_is_read() -> None:
    order = message(ALL)
    fields = {field.name: field for field in order.field}
    numbers = {name: field.number for name, field in fields.items()}
    assert numbers == {
        "id": 1,
        "count": 2,
        "totals": 3,
        "by_sku": 5,
        "text": 6,
        "line": 7,
        "tier": 8,
        "odd": 9,
    }
    assert fields["count"].proto3_optional
    assert order.oneof_decl[fields["count"].oneof_index].name == "_count"
    assert (fields["count"].json_name, fields["totals"].options.packed) == ("howMany", False)
    assert fields["by_sku"].type_name == "BySkuEntry"
    assert fields["text"].oneof_index == fields["line"].oneof_index == 0
    assert [entry.name for entry in order.nested_type] == ["Line", "BySkuEntry", "message"]
    assert [(each.start, each.end) for each in order.reserved_range][:2] == [(4, 5), (10, 13)]
    assert list(order.reserved_name) == ["old", "older"]
    assert [value.number for value in order.enum_type[0].value] == [0, 1, 1]


def test_proto2_has_labels_and_defaults() -> None:
    found = message("message M { required string a = 1; optional int32 b = 2 [default = -3]; }")
    assert found.field[0].label == FieldDescriptorProto.LABEL_REQUIRED
    assert found.field[1].default_value == "-3"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "message",
        "message M {",
        "message M { string a = 1 }",
        "message M { string a; }",
        "message A {} message B {}",
        "enum E { A = 0; }",
        'syntax = "proto3"; import "google/protobuf/timestamp.proto"; message M {}',
        'syntax = "proto4"; message M {}',
        'edition = "2023"; message M {}',
        "service S {} message M {}",
        "extend M { optional int32 a = 1; } message M {}",
        "message M { extensions 4 to 9; }",
        "message M { optional group G = 1 {} }",
        "message M { string a = 1; }",  # proto2 without a label
        'syntax = "proto3"; message M { required string a = 1; }',
        'syntax = "proto3"; message M { string a = 0; }',
        'syntax = "proto3"; message M { string a = 536870912; }',
        'syntax = "proto3"; message M { string a = 1 [(mine) = 2]; }',
        'syntax = "proto3"; message M { map<double, string> a = 1; }',
        'syntax = "proto3"; message M { repeated map<string, string> a = 1; }',
        'syntax = "proto3"; message M { oneof o { repeated string a = 1; } }',
        'syntax = "proto3"; message M { enum E {} }',
        "message M { ~ }",
        'option a = "\\xzz"; message M {}',
        "/* never ends message M {}",
    ],
)
def test_what_is_no_definition_or_not_offered_is_refused(text: str) -> None:
    with pytest.raises(SchemaInvalid):
        read_definition(text)


def test_a_refusal_says_where_and_why() -> None:
    with pytest.raises(SchemaInvalid, match="line 2: imports are not supported"):
        read_definition('syntax = "proto3";\nimport "a.proto";\nmessage M {}')


def test_a_definition_that_means_harm_is_refused() -> None:
    for text in (
        "message M {" * 10_000,
        ";" * (PARTS_MAX + 1),
        "/" * 1_000,
        "message M {" + " " * SCHEMA_BYTES_MAX + "}",
        '"' + "\\" * 50_000,
    ):
        with pytest.raises(SchemaInvalid):
            read_definition(text)


@given(st.lists(st.sampled_from(ALL.split()), max_size=40).map(" ".join) | st.text(max_size=60))
def test_anything_else_is_read_or_refused(text: str) -> None:
    try:
        read_definition(text)
    except SchemaInvalid:
        return
