import pytest

from dragoman.wire.protobuf.table import Tables, read_lines

TABLE = """
file a/b.proto
package a.b
import google/protobuf/any.proto

message M            # a remark
  string name 1, int32? limit 2
  string:Inner inners 3
  State* states 4
  oneof choice
    bytes data 5, Inner inner 6
  message Inner
  enum State
    UNKNOWN 0,
    KNOWN 1

service S
  Get M -> M
    GET /v1/{name=*}
    POST /v1/{name=*}:get *
  Watch M* -> M*
"""


def test_a_table_is_a_files_descriptor() -> None:
    file = Tables(TABLE).file
    message = file.message_type[0]
    assert (file.name, file.package, list(file.dependency)) == (
        "a/b.proto",
        "a.b",
        ["google/protobuf/any.proto"],
    )
    assert [field.number for field in message.field] == [1, 2, 3, 4, 5, 6]
    assert [one.name for one in message.oneof_decl] == ["choice", "_limit"]
    assert message.field[1].proto3_optional
    assert [nested.name for nested in message.nested_type] == ["InnersEntry", "Inner"]
    assert [value.name for value in message.enum_type[0].value] == ["UNKNOWN", "KNOWN"]


def test_a_services_methods_stream_and_have_rules() -> None:
    tables = Tables(TABLE)
    get, watch = tables.file.service[0].method
    assert (get.client_streaming, watch.client_streaming, watch.server_streaming) == (
        False,
        True,
        True,
    )
    rules = tables.rules["S.Get"]
    assert [(rule.verb, rule.template, rule.body) for rule in rules] == [
        ("GET", "/v1/{name=*}", ""),
        ("POST", "/v1/{name=*}:get", "*"),
    ]
    assert tables.rules["S.Watch"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        "nothing M",
        "message M\n  string name",
        "message M\n  string name one",
        "message M\n  something else\n    string name 1",
        "enum E\n  A",
        "service S\n  Get M M",
        "service S\n  Get M -> M\n    LOOK /v1",
        "service S\n  Get M -> M\n    GET v1",
        "    string name 1",
    ],
)
def test_what_is_no_table_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        Tables(wrong)


def test_lines_are_trees_by_their_indentation() -> None:
    top = read_lines("a\n  b\n    c\n  d\ne\n")
    assert [line.text for line in top] == ["a", "e"]
    assert [line.text for line in top[0].below] == ["b", "d"]
