from base64 import b64encode

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from dragoman.formats.schemas.protofile import problems, read_file
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

HEAD = 'syntax = "proto3"; package p; '


def found(reader: str, writer: str) -> list[str]:
    return problems(read_file(Source(HEAD + reader)), read_file(Source(HEAD + writer)))


def test_a_file_has_messages_enums_and_imports() -> None:
    imports = 'import "google/protobuf/timestamp.proto"; import "in.proto"; '
    message = "message A { google.protobuf.Timestamp t = 1; q.In i = 2; E e = 3; B b = 4; } "
    text = HEAD + imports + message + "message B {} enum E { Z = 0; }"
    inner = ("in.proto", 'syntax = "proto3"; package q; message In {}')
    file = read_file(Source(text, (inner,)))
    assert set(file) == {"A", "B"}
    with pytest.raises(SchemaInvalid, match=r"import in\.proto: no reference"):
        read_file(Source(text))


def test_a_descriptor_in_base64_is_as_good_as_its_text() -> None:
    file = FileDescriptorProto(name="a.proto", syntax="proto3")
    file.message_type.add(name="A").field.add(name="n", number=1, type=5, label=1)
    told = read_file(Source(b64encode(file.SerializeToString()).decode()))
    assert problems(told, read_file(Source('syntax = "proto3"; message A { int32 n = 1; }'))) == []


@pytest.mark.parametrize(
    "text",
    ["", "AAAA", "message", 'import "x.proto";', HEAD, "message A { Gone g = 1; }", "a" * 300_000],
)
def test_what_is_no_file_is_refused(text: str) -> None:
    with pytest.raises(SchemaInvalid):
        read_file(Source(text))


def test_messages_are_compared_by_name() -> None:
    both = "message A { int32 n = 1; } message B {}"
    assert found(both + "message C {}", both) == []
    assert found("message A { int32 n = 1; }", both) == ["p.B is missing"]
    assert found("message A { string n = 1; } message B {}", both) == ["p.A.n = 1 is changed"]
    assert found("message A {}", "message B {}") == ["p.B is another message than p.A"]
