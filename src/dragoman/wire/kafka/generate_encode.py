"""Makes the function that writes one message of one version from a dict to bytes.

    codec(message: dict, write) -> None        write: append of a list of byte chunks

A field with a default may be missing from the dict; any other one missing is a `KeyError`, since
then the caller is wrong. Keys that the version lacks are ignored, so one dict serves all versions.
"""

from collections.abc import Callable
from typing import Any

from dragoman.wire.kafka.generate import FIXED, LONG_LENGTHS, Source, default_of
from dragoman.wire.kafka.schema import Field


def make_encoder(
    name: str, fields: tuple[Field, ...], version: int, *, is_flexible: bool
) -> Callable[[dict[str, Any], Callable[[bytes], None]], None]:
    """Return the function; it raises `KafkaCodecError` for a value that its field cannot hold."""
    return _Encoder(fields, version, is_flexible=is_flexible).make(name)


class _Encoder:
    def __init__(self, fields: tuple[Field, ...], version: int, *, is_flexible: bool) -> None:
        self._fields = fields
        self._version = version
        self._is_flexible = is_flexible
        self._source = Source("def codec(m0, w0):")
        self._write = "w0"
        self._run: list[tuple[str, str]] = []  # struct letter, expression ("" for a pad byte)

    def make(self, name: str) -> Callable[[dict[str, Any], Callable[[bytes], None]], None]:
        source = self._source
        source.add("try:")
        source.indent += 1
        source.add("pass")  # a message without fields
        self._struct(self._fields, "m0")
        self._flush()
        source.indent -= 1
        source.add("except StructError as error:")
        source.add(f"    raise KafkaCodecError('{name}: {{}}'.format(error)) from error")
        return source.compile(name)

    # -- runs

    def _flush(self) -> None:
        if not self._run:
            return
        layout = "".join(letter for letter, _ in self._run)
        values = ", ".join(value for _, value in self._run if value)
        self._run.clear()
        pack = self._source.bound(layout, "pack")
        self._source.add(f"{self._write}({pack}({values}))")

    def _fixed(self, kind: str, value: str) -> None:
        self._run.append((FIXED[kind][0], value))

    def _length(self, kind: str, size: str) -> None:
        """Write a length, -1 for null, and close the run: the content follows."""
        if not self._is_flexible:
            self._fixed("i32" if kind in LONG_LENGTHS or kind == "array" else "i16", size)
            self._flush()
        else:
            self._varint(f"{size} + 1")

    def _varint(self, value: str) -> None:
        """Write an unsigned varint; one of a single byte joins the run before it."""
        source, local = self._source, self._source.fresh("u")
        source.add(f"{local} = {value}")
        if not self._run:
            source.add(f"{self._write}(VARINTS[{local}] if {local} < 128 else varint({local}))")
            return
        before = list(self._run)
        source.add(f"if {local} < 128:")
        source.indent += 1
        self._run.append(("B", local))
        self._flush()
        source.indent -= 1
        source.add("else:")
        source.indent += 1
        self._run = before
        self._flush()
        source.add(f"{self._write}(varint({local}))")
        source.indent -= 1

    # -- structs

    def _struct(self, fields: tuple[Field, ...], message: str) -> None:
        tagged: dict[int, Field] = {}
        for field in fields:
            if not field.is_in(self._version):
                continue
            if field.tag is None:
                self._value(field, self._get(field, message))
            else:
                tagged[field.tag] = field
        if self._is_flexible and not tagged:
            self._run.append(("x", ""))  # no tagged fields: a zero byte
        elif self._is_flexible:
            self._tags([tagged[tag] for tag in sorted(tagged)], message)

    @staticmethod
    def _get(field: Field, message: str) -> str:
        if field.is_required:
            return f"{message}[{field.name!r}]"
        return f"{message}.get({field.name!r}, {default_of(field)})"

    def _tags(self, fields: list[Field], message: str) -> None:
        chunks = self._source.fresh("t")
        self._source.add(f"{chunks} = []")
        for field in fields:
            local = self._source.fresh("v")
            self._source.add(f"{local} = {self._get(field, message)}")
            self._source.add(f"if {local} != {default_of(field)}:")
            self._source.indent += 1
            self._tag(field, local, chunks)
            self._source.indent -= 1
        self._varint(f"len({chunks})")
        self._source.add(f"for c in {chunks}: {self._write}(c)")

    def _tag(self, field: Field, value: str, chunks: str) -> None:
        """Write one tagged field into a chunk of its own, whose size then stands before it."""
        outer_run, outer_write = self._run, self._write
        inner, write = self._source.fresh("c"), self._source.fresh("w")
        self._source.add(f"{inner} = []; {write} = {inner}.append")
        self._run, self._write = [], write
        self._value(field, value)
        self._flush()
        self._run, self._write = outer_run, outer_write
        self._source.add(f"{inner} = b''.join({inner})")
        head = f"varint({field.tag}) + varint(len({inner}))"
        self._source.add(f"{chunks}.append({head} + {inner})")

    # -- values

    def _value(self, field: Field, value: str) -> None:
        if field.is_array:
            self._array(field, value)
        elif field.kind == "struct":
            self._nested(field, value)
        elif field.kind in FIXED:
            self._fixed(field.kind, value)
        else:
            self._sized(field, value, is_nullable=field.is_nullable_in(self._version))

    def _nested(self, field: Field, value: str) -> None:
        local = self._source.fresh("d")
        self._source.add(f"{local} = {value}")
        if not field.is_nullable_in(self._version):
            self._struct(field.fields, local)
            return
        self._fixed("i8", f"-1 if {local} is None else 1")
        self._flush()
        self._source.add(f"if {local} is not None:")
        self._source.indent += 1
        self._struct(field.fields, local)
        self._flush()
        self._source.indent -= 1

    def _sized(self, field: Field, value: str, *, is_nullable: bool) -> None:
        local, size = self._source.fresh("s"), self._source.fresh("n")
        encode = ".encode()" if field.kind == "str" else ""
        if is_nullable:
            raw = self._source.fresh("r")
            self._source.add(f"{raw} = {value}")
            self._source.add(f"if {raw} is None: {local} = b''; {size} = -1")
            self._source.add(f"else: {local} = {raw}{encode}; {size} = len({local})")
        else:
            self._source.add(f"{local} = ({value}){encode}; {size} = len({local})")
        self._length(field.kind, size)
        self._source.add(f"{self._write}({local})")

    def _array(self, field: Field, value: str) -> None:
        local, size = self._source.fresh("a"), self._source.fresh("n")
        self._source.add(f"{local} = {value}")
        if field.is_nullable_in(self._version):
            self._source.add(f"if {local} is None: {local} = (); {size} = -1")
            self._source.add(f"else: {size} = len({local})")
        else:
            self._source.add(f"{size} = len({local})")
        self._length("array", size)
        if field.kind in FIXED:
            pack = f"Struct(f'>{{len({local})}}{FIXED[field.kind][0]}').pack(*{local})"
            self._source.add(f"{self._write}({pack})")
        else:
            self._elements(field, local)

    def _elements(self, field: Field, array: str) -> None:
        local = self._source.fresh("i")
        self._source.add(f"for {local} in {array}:")
        self._source.indent += 1
        if field.kind == "struct":
            self._struct(field.fields, local)
        else:
            self._sized(field, local, is_nullable=False)
        self._flush()
        self._source.indent -= 1
