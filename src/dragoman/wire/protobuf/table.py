"""A table of messages, enums and services (the package says how it is written) to a file's descriptor.

    text -> lines with their depth -> blocks -> FileDescriptorProto, rules of REST by method

Tables are ours, and read when their module is loaded: what is wrong with one raises ValueError with its line.
"""

from collections.abc import Sequence
from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

_SCALARS: Final = {
    "double": FieldDescriptorProto.TYPE_DOUBLE,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint64": FieldDescriptorProto.TYPE_UINT64,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "fixed64": FieldDescriptorProto.TYPE_FIXED64,
    "fixed32": FieldDescriptorProto.TYPE_FIXED32,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "sfixed32": FieldDescriptorProto.TYPE_SFIXED32,
    "sfixed64": FieldDescriptorProto.TYPE_SFIXED64,
    "sint32": FieldDescriptorProto.TYPE_SINT32,
    "sint64": FieldDescriptorProto.TYPE_SINT64,
}
_VERBS: Final = frozenset(("GET", "PUT", "POST", "PATCH", "DELETE"))


class Rule:
    """How a method is reached over REST (google.api.http): verb, template, body.

    body  the field that the body is; `*` all fields that are not in the path; empty none
    """

    __slots__ = ("body", "template", "verb")

    def __init__(self, verb: str, template: str, body: str) -> None:
        self.verb = verb
        self.template = template
        self.body = body


class Line:
    """One line of a table, and what is indented below it."""

    __slots__ = ("below", "depth", "text")

    def __init__(self, depth: int, text: str) -> None:
        self.depth = depth
        self.text = text
        self.below: list[Line] = []


class Tables:
    """What a text holds: the file's descriptor; rules by `Service.Method`. Raises ValueError."""

    def __init__(self, text: str) -> None:
        self.file = FileDescriptorProto(syntax="proto3")
        self.rules: dict[str, list[Rule]] = {}
        for line in read_lines(text):
            self._read(line)

    def _read(self, line: Line) -> None:
        word, _, rest = line.text.partition(" ")
        if word == "file":
            self.file.name = rest
        elif word == "package":
            self.file.package = rest
        elif word == "import":
            self.file.dependency.extend(rest.split())
        elif word == "message":
            _read_message(self.file.message_type.add(name=rest), line.below)
        elif word == "enum":
            _read_enum(self.file.enum_type.add(name=rest), line.below)
        elif word == "service":
            self._read_service(self.file.service.add(name=rest), line.below)
        else:
            raise ValueError(f"{line.text!r} begins nothing")

    def _read_service(self, service: ServiceDescriptorProto, lines: Sequence[Line]) -> None:
        for line in lines:
            words = line.text.split()
            if len(words) != 4 or words[2] != "->":
                raise ValueError(f"{line.text!r} is no method")
            name, request, _, response = words
            service.method.add(
                name=name,
                input_type=request.rstrip("*"),
                output_type=response.rstrip("*"),
                client_streaming=request.endswith("*"),
                server_streaming=response.endswith("*"),
            )
            self.rules[f"{service.name}.{name}"] = [_rule(below) for below in line.below]


def read_lines(text: str) -> list[Line]:
    """Lines as trees by how they are indented, two spaces a step."""
    top: list[Line] = []
    open_: list[Line] = []
    for raw in text.splitlines():
        bare = raw.partition("#")[0].rstrip()
        if not bare:
            continue
        depth = (len(bare) - len(bare.lstrip())) // 2
        if depth > len(open_):
            raise ValueError(f"{raw!r} is indented below nothing")
        line = Line(depth, bare.strip())
        del open_[depth:]
        (open_[-1].below if open_ else top).append(line)
        open_.append(line)
    return top


def _rule(line: Line) -> Rule:
    verb, _, rest = line.text.partition(" ")
    template, _, body = rest.partition(" ")
    if verb not in _VERBS or not template.startswith("/"):
        raise ValueError(f"{line.text!r} is no rule of REST")
    return Rule(verb, template, body)


def _read_message(message: DescriptorProto, lines: Sequence[Line]) -> None:
    optional: list[FieldDescriptorProto] = []
    for line in lines:
        word, _, rest = line.text.partition(" ")
        if word == "message":
            _read_message(message.nested_type.add(name=rest), line.below)
        elif word == "enum":
            _read_enum(message.enum_type.add(name=rest), line.below)
        elif word == "oneof":
            index = len(message.oneof_decl)
            message.oneof_decl.add(name=rest)
            for below in line.below:
                _read_fields(message, below, index)
        else:
            optional += _read_fields(message, line, None)
    for field in optional:  # each has a oneof of its own, behind the others
        field.oneof_index = len(message.oneof_decl)
        message.oneof_decl.add(name=f"_{field.name}")


def _read_fields(
    message: DescriptorProto, line: Line, oneof: int | None
) -> list[FieldDescriptorProto]:
    """Add a line's fields; those that are optional are returned."""
    if line.below:
        raise ValueError(f"{line.text!r} begins nothing within a message")
    optional: list[FieldDescriptorProto] = []
    for spelled in _parted(line.text):
        words = spelled.split()
        if len(words) != 3 or not words[2].isdigit():
            raise ValueError(f"{spelled!r} is no field")
        field = _field(message, words[0], words[1], int(words[2]))
        if oneof is not None:
            field.oneof_index = oneof
        elif field.proto3_optional:
            optional.append(field)
    return optional


def _parted(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _field(message: DescriptorProto, kind: str, name: str, number: int) -> FieldDescriptorProto:
    field = message.field.add(name=name, number=number, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if kind.endswith("?"):
        field.proto3_optional = True
    elif kind.endswith("*"):
        field.label = FieldDescriptorProto.LABEL_REPEATED
    elif ":" in kind:
        key, _, value = kind.partition(":")
        field.label = FieldDescriptorProto.LABEL_REPEATED
        kind = "".join(word.capitalize() for word in name.split("_")) + "Entry"
        entry = message.nested_type.add(name=kind)
        entry.options.map_entry = True
        _field(entry, key, "key", 1)
        _field(entry, value, "value", 2)
    _set_type(field, kind.rstrip("?*"))
    return field


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    scalar = _SCALARS.get(kind)
    if scalar is None:
        field.type_name = kind  # the pool finds out which it is
    else:
        field.type = scalar


def _read_enum(enum: EnumDescriptorProto, lines: Sequence[Line]) -> None:
    for line in lines:
        for spelled in _parted(line.text):
            name, _, number = spelled.partition(" ")
            if not number.isdigit():
                raise ValueError(f"{spelled!r} is no value of an enum")
            enum.value.add(name=name, number=int(number))
