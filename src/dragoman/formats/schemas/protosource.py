r"""A definition in Protocol Buffers' language (proto2, proto3), read into its descriptor. Cold.

    definition ──tokens──> statements ──> google.protobuf.FileDescriptorProto ──> `proto`, which makes a class of it

Read is what describes messages: nested messages and enums, oneofs, maps, defaults, reserved names and numbers. What
needs other programs is refused by name, and so are other files where a definition has to stand alone: imports,
extensions, groups, services, options of one's own, editions. Whether types are there and numbers are sound is the
descriptor pool's to say.
"""

import re
from ast import literal_eval
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from dragoman.formats.schemas.limits import DEPTH_MAX, PARTS_MAX, SCHEMA_BYTES_MAX
from dragoman.model.errors import SchemaInvalid

FIELD_NUMBER_MAX: Final = (1 << 29) - 1
_TOKEN: Final = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
    | (?P<name>\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    | (?P<number>(?:0[xX][0-9A-Fa-f]+ | \d+\.?\d*(?:[eE][+-]?\d+)? | \.\d+(?:[eE][+-]?\d+)?))
    | (?P<text>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*')
    | (?P<mark>[{}\[\]()<>=;,:+\-/])""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_LABELS: Final = {
    "optional": FieldDescriptorProto.LABEL_OPTIONAL,
    "required": FieldDescriptorProto.LABEL_REQUIRED,
    "repeated": FieldDescriptorProto.LABEL_REPEATED,
}
_SCALARS: Final[Mapping[str, Any]] = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP")
}
_KEYS: Final = frozenset(_SCALARS) - {"float", "double", "bytes"}
_REFUSED: Final[Mapping[str, str]] = {
    "import": "imports are not supported: a definition stands alone",
    "service": "services are not supported",
    "extend": "extensions are not supported",
    "extensions": "extensions are not supported",
    "group": "groups are not supported",
    "edition": "editions are not supported: proto2 and proto3 are",
}


def read_definition(text: str, *, stands_alone: bool = True) -> FileDescriptorProto:
    """The descriptor of a definition. One that stands alone has exactly one message at its top; another may have
    several, enums beside them, and imports. Raises SchemaInvalid.
    """
    return _Parser(text, stands_alone=stands_alone).file()


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, line) each. Raises SchemaInvalid."""
    if len(text) > SCHEMA_BYTES_MAX or len(text.encode(errors="replace")) > SCHEMA_BYTES_MAX:
        raise SchemaInvalid(f"the definition is larger than {SCHEMA_BYTES_MAX} bytes")
    found: list[tuple[str, str, int]] = []
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SchemaInvalid(f"line {line}: {text[at : at + 20]!r} makes no sense")
        if match.lastgroup is not None:
            found.append((match.lastgroup, match.group(), line))
            if len(found) > PARTS_MAX:
                raise SchemaInvalid(f"the definition has more than {PARTS_MAX} parts")
        line += match.group().count("\n")
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, text: str, *, stands_alone: bool) -> None:
        self._stands_alone = stands_alone
        self._tokens = _tokens(text)
        self._at = 0
        self._file = FileDescriptorProto(name="schema.proto", syntax="proto2")

    # --- tokens ---

    def _wrong(self, text: str) -> SchemaInvalid:
        at = min(self._at, len(self._tokens) - 1)
        return SchemaInvalid(f"line {self._tokens[at][2] if at >= 0 else 1}: {text}")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self, kind: str = "") -> str:
        if self._at == len(self._tokens):
            raise self._wrong("the definition ends too soon")
        found, text, _ = self._tokens[self._at]
        if kind and found != kind:
            raise self._wrong(f"a {kind} was expected, not {text}")
        self._at += 1
        return text

    def _name(self) -> str:
        name = self._next("name")
        if "." in name:
            raise self._wrong(f"{name} is no plain name")
        return name

    def _takes(self, text: str) -> bool:
        if self._peek() == text:
            self._at += 1
            return True
        return False

    def _expect(self, *texts: str) -> None:
        for text in texts:
            if not self._takes(text):
                raise self._wrong(f"{text} was expected, not {self._peek() or 'the end'}")

    def _integer(self) -> int:
        sign = -1 if self._takes("-") else 1
        text = self._next("number")
        try:
            return sign * int(text, 8 if re.fullmatch("0[0-7]+", text) else 0)
        except ValueError:
            raise self._wrong(f"{text} is no integer") from None

    def _text(self) -> str:
        """Texts that follow each other are one."""
        found = self._literal()
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "text":
            found += self._literal()
        return found

    def _literal(self) -> str:
        token = self._next("text")
        try:
            return str(literal_eval(token))
        except (ValueError, SyntaxError):
            raise self._wrong(f"{token:.40} is no text") from None

    # --- the file ---

    def file(self) -> FileDescriptorProto:
        """All of it. Raises SchemaInvalid."""
        statements: dict[str, Callable[[], None]] = {
            "syntax": self._syntax,
            "package": self._package,
            "option": self._option,
            "message": lambda: self._message(self._file.message_type.add(), 1),
            ";": lambda: None,
        }
        if not self._stands_alone:
            statements["enum"] = lambda: self._enum(self._file.enum_type.add())
            statements["import"] = self._import
        while self._at < len(self._tokens):
            self._statement(statements)
        if not self._stands_alone:
            return self._file
        count = len(self._file.message_type)
        if count != 1:
            raise SchemaInvalid(
                f"a definition has exactly one message at its top, not {count}; others stand within it"
            )
        return self._file

    def _statement(self, statements: Mapping[str, Callable[[], None]]) -> None:
        word = self._next()
        if word not in statements:
            if word == "enum":
                raise self._wrong("enums stand within the message")
            raise self._wrong(_REFUSED.get(word, f"{word} was not expected"))
        statements[word]()

    def _syntax(self) -> None:
        self._expect("=")
        syntax = self._text()
        if syntax not in ("proto2", "proto3"):
            raise self._wrong(f"syntax {syntax:.20} is not supported")
        self._file.syntax = syntax
        self._expect(";")

    def _import(self) -> None:
        """`weak` is gone by now, and `public` is for those who generate code."""
        is_public = self._takes("public")
        if is_public:
            self._file.public_dependency.append(len(self._file.dependency))
        self._file.dependency.append(self._text())
        self._expect(";")

    def _package(self) -> None:
        self._file.package = self._next("name").lstrip(".")
        self._expect(";")

    def _option(self) -> None:
        """What it says is for those who generate code."""
        if self._takes("("):
            raise self._wrong("options of one's own are not supported")
        self._next("name")
        self._expect("=")
        self._constant()
        self._expect(";")

    def _constant(self) -> str:
        """A number, a text, a name; as descriptors spell it."""
        sign = "-" if self._takes("-") else ""
        self._takes("+")
        kind = self._tokens[self._at][0] if self._at < len(self._tokens) else ""
        if kind == "text":
            return self._text()
        if kind not in ("name", "number"):
            raise self._wrong("a value was expected")
        return sign + self._next()

    # --- messages ---

    def _message(self, message: DescriptorProto, depth: int) -> None:
        if depth > DEPTH_MAX // 2:
            raise self._wrong("messages within messages, too deep")
        message.name = self._name()
        self._expect("{")
        statements: dict[str, Callable[[], None]] = {
            "message": lambda: self._message(message.nested_type.add(), depth + 1),
            "enum": lambda: self._enum(message.enum_type.add()),
            "oneof": lambda: self._oneof(message),
            "reserved": lambda: self._reserved(message),
            "option": self._option,
            ";": lambda: None,
        }
        while not self._takes("}"):
            word = self._peek()
            follows = self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""
            is_field = word not in statements or (word != ";" and follows == ".")
            if word in _REFUSED and word != "group":
                raise self._wrong(_REFUSED[word])
            if is_field:
                self._field(message, None)
            else:
                self._statement(statements)
        self._optionals(message)

    def _optionals(self, message: DescriptorProto) -> None:
        """What is optional in proto3 is a oneof of its own, behind those that were written."""
        for field in message.field:
            if field.proto3_optional:
                field.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field.name}")

    def _oneof(self, message: DescriptorProto) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=self._name())
        self._expect("{")
        while not self._takes("}"):
            if self._takes("option"):
                self._option()
            elif not self._takes(";"):
                self._field(message, index)

    def _field(self, message: DescriptorProto, oneof: int | None) -> None:
        field = message.field.add(label=FieldDescriptorProto.LABEL_OPTIONAL)
        label = self._peek() if self._peek() in _LABELS else ""
        is_new = self._file.syntax == "proto3"
        if label:
            if oneof is not None:
                raise self._wrong("a field of a oneof has no label")
            if label == "required" and is_new:
                raise self._wrong("proto3 has no required fields")
            self._next()
            field.label = _LABELS[label]
            field.proto3_optional = is_new and label == "optional"
        kind = self._next("name")
        if kind == "group":
            raise self._wrong(_REFUSED["group"])
        is_map = kind == "map" and self._takes("<")
        if not (label or is_new or is_map or oneof is not None):
            raise self._wrong("a field of proto2 is optional, required or repeated")
        if is_map and (label or oneof is not None):
            raise self._wrong("a map has no label, and is in no oneof")
        entry = self._map(message) if is_map else None
        if entry is None:
            _set_type(field, kind)
        field.name = self._name()
        self._expect("=")
        field.number = self._number()
        if oneof is not None:
            field.oneof_index = oneof
        if entry is not None:
            _set_entry(message, field, entry)
        if self._takes("["):
            self._field_options(field)
        self._expect(";")

    def _number(self) -> int:
        number = self._integer()
        if not 0 < number <= FIELD_NUMBER_MAX:
            raise self._wrong(f"{number} is no number of a field")
        return number

    def _map(self, message: DescriptorProto) -> DescriptorProto:
        """The entry of a map: a message with a key and a value."""
        entry = message.nested_type.add()
        entry.options.map_entry = True
        key = self._next("name")
        if key not in _KEYS:
            raise self._wrong(f"{key} is no key of a map")
        self._expect(",")
        optional = FieldDescriptorProto.LABEL_OPTIONAL
        _set_type(entry.field.add(name="key", number=1, label=optional), key)
        _set_type(entry.field.add(name="value", number=2, label=optional), self._next("name"))
        self._expect(">")
        return entry

    def _field_options(self, field: FieldDescriptorProto) -> None:
        while True:
            if self._takes("("):
                raise self._wrong("options of one's own are not supported")
            name = self._next("name")
            self._expect("=")
            value = self._constant()
            if name == "default":
                field.default_value = value
            elif name == "json_name":
                field.json_name = value
            elif name == "packed":
                field.options.packed = value == "true"
            if not self._takes(","):
                break
        self._expect("]")

    def _reserved(self, message: DescriptorProto) -> None:
        if self._tokens[self._at : self._at + 1] and self._tokens[self._at][0] == "text":
            message.reserved_name.append(self._text())
            while self._takes(","):
                message.reserved_name.append(self._text())
            self._expect(";")
            return
        while True:
            start, end = self._range(FIELD_NUMBER_MAX)
            message.reserved_range.add(start=start, end=end + 1)
            if not self._takes(","):
                break
        self._expect(";")

    def _range(self, number_max: int) -> tuple[int, int]:
        start = self._integer()
        if not self._takes("to"):
            return start, start
        return start, number_max if self._takes("max") else self._integer()

    # --- enums ---

    def _enum(self, enum: EnumDescriptorProto) -> None:
        enum.name = self._name()
        self._expect("{")
        while not self._takes("}"):
            if self._takes(";"):
                continue
            if self._takes("reserved"):
                self._enum_reserved(enum)
                continue
            word = self._name()
            if word == "option":
                self._enum_option(enum)
                continue
            self._expect("=")
            enum.value.add(name=word, number=self._enum_number())
            if self._takes("["):
                self._field_options(FieldDescriptorProto())
            self._expect(";")
        if not enum.value:
            raise self._wrong(f"{enum.name} has no values")

    def _enum_number(self) -> int:
        number = self._integer()
        if not -(1 << 31) <= number < 1 << 31:
            raise self._wrong(f"{number} is no number of an enum")
        return number

    def _enum_option(self, enum: EnumDescriptorProto) -> None:
        if self._takes("allow_alias"):
            self._expect("=")
            enum.options.allow_alias = self._constant() == "true"
            self._expect(";")
        else:
            self._option()

    def _enum_reserved(self, enum: EnumDescriptorProto) -> None:
        """What may not be used again is for whoever changes the definition."""
        while not self._takes(";"):
            self._next()


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type_name = kind  # the pool finds out which it is


def _set_entry(
    message: DescriptorProto, field: FieldDescriptorProto, entry: DescriptorProto
) -> None:
    """The name of a map's entry follows from the field's."""
    entry.name = "".join(part[:1].upper() + part[1:] for part in field.name.split("_")) + "Entry"
    field.label = FieldDescriptorProto.LABEL_REPEATED
    field.type = FieldDescriptorProto.TYPE_MESSAGE
    field.type_name = entry.name
