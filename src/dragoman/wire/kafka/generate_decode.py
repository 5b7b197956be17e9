"""Makes the function that reads one message of one version from bytes to a dict.

    codec(buf: bytes, pos: int, end: int) -> dict

The dict has every field of every version, the absent ones at their default, so a handler reads
`request["group_instance_id"]` whatever the client speaks. Bytes behind the last field are ignored:
librdkafka up to 2.16 sends three of them behind Metadata v13.

Safety of what is made: positions only grow, a read past the buffer raises, a slice never holds more
than the buffer does, a declared count is held against the bytes left before its loop, and one test
of `pos` against `end` closes the message. Since an element of three bytes becomes a dict of some
two hundred, the elements of a message are counted too.
"""

from collections.abc import Callable
from typing import Any, Final

from dragoman.wire.kafka.generate import FIXED, LONG_LENGTHS, Source, default_of, size_min
from dragoman.wire.kafka.schema import Field

ELEMENTS_MAX: Final = 250_000  # structs and strings in all arrays of a message: some 60 MB


def make_decoder(
    name: str, fields: tuple[Field, ...], version: int, *, is_flexible: bool
) -> Callable[[bytes, int, int], dict[str, Any]]:
    """Return the function; it raises `KafkaCodecError` and nothing else, whatever the bytes."""
    return _Decoder(fields, version, is_flexible=is_flexible).make(name)


class _Decoder:
    def __init__(self, fields: tuple[Field, ...], version: int, *, is_flexible: bool) -> None:
        self._fields = fields
        self._version = version
        self._is_flexible = is_flexible
        self._source = Source("def codec(buf, pos, end):")
        self._run: list[tuple[str, int, str]] = []  # struct letter, width, local name

    def make(self, name: str) -> Callable[[bytes, int, int], dict[str, Any]]:
        source = self._source
        source.add("try:")
        source.indent += 1
        source.add(f"left = {ELEMENTS_MAX}")
        value = self._struct(self._fields)
        self._flush()
        source.indent -= 1
        source.add("except (StructError, IndexError, UnicodeDecodeError) as error:")
        source.add(f"    raise KafkaCodecError('{name} is cut short or garbled') from error")
        source.add("if pos > end:")
        source.add(f"    raise KafkaCodecError('{name} is cut short')")
        source.add(f"return {value}")
        return source.compile(name)

    # -- runs

    def _fixed(self, kind: str) -> str:
        local = self._source.fresh("v")
        self._run.append((*FIXED[kind], local))
        return local

    def _byte(self) -> str:
        local = self._source.fresh("n")
        self._run.append(("B", 1, local))
        return local

    def _flush(self) -> None:
        if not self._run:
            return
        layout = "".join(letter for letter, _, _ in self._run)
        locals_ = ", ".join(local for _, _, local in self._run)
        width = sum(width for _, width, _ in self._run)
        self._run.clear()
        if layout == "B":
            self._source.add(f"{locals_} = buf[pos]")
        else:
            self._source.add(f"{locals_}, = {self._source.bound(layout, 'unpack_from')}(buf, pos)")
        self._source.add(f"pos += {width}")

    # -- structs

    def _struct(self, fields: tuple[Field, ...]) -> str:
        """Read the fields. Return the source of their dict; the last run may still be open."""
        values: dict[str, str] = {}
        tagged = []
        for field in fields:
            if not field.is_in(self._version):
                values[field.name] = default_of(field)
            elif field.tag is not None:
                tagged.append(field)
                values[field.name] = ""  # keeps the table's order
            else:
                values[field.name] = self._value(field)
        if self._is_flexible:
            values |= self._tags(tagged)
        return "{" + ", ".join(f"{name!r}: {value}" for name, value in values.items()) + "}"

    def _tags(self, fields: list[Field]) -> dict[str, str]:
        count = self._byte()
        self._flush()
        add = self._source.add
        if not fields:
            add(f"if {count}: pos = skip(buf, pos, {count})")
            return {}
        locals_ = {field.name: self._source.fresh("t") for field in fields}
        for field in fields:
            add(f"{locals_[field.name]} = {default_of(field)}")
        tag, stop = self._source.fresh("g"), self._source.fresh("e")
        add(f"if {count} > 127: {count}, pos = more(buf, pos, {count})")
        add(f"for _ in range({count}):")
        self._source.indent += 1
        add(f"{tag}, pos, {stop} = tag_head(buf, pos)")
        for field in fields:
            add(f"if {tag} == {field.tag}:")
            self._source.indent += 1
            value = self._value(field)
            self._flush()
            add(f"{locals_[field.name]} = {value}")
            add(f"if pos != {stop}: raise KafkaCodecError('a tagged field of another size')")
            self._source.indent -= 1
        add(f"pos = {stop}")
        self._source.indent -= 1
        return locals_

    # -- values

    def _value(self, field: Field) -> str:
        if field.is_array:
            return self._array(field)
        if field.kind == "struct":
            return self._nullable_struct(field) if self._is_nullable(field) else self._plain(field)
        if field.kind in FIXED:
            return self._fixed(field.kind)
        return self._sized(field)

    def _is_nullable(self, field: Field) -> bool:
        return field.is_nullable_in(self._version)

    def _plain(self, field: Field) -> str:
        local = self._source.fresh("d")
        value = self._struct(field.fields)
        self._flush()
        self._source.add(f"{local} = {value}")
        return local

    def _nullable_struct(self, field: Field) -> str:
        local, mark = self._source.fresh("d"), self._fixed("i8")
        self._flush()
        self._source.add(f"if {mark} < 0: {local} = None")
        self._source.add("else:")
        self._source.indent += 1
        value = self._struct(field.fields)
        self._flush()
        self._source.add(f"{local} = {value}")
        self._source.indent -= 1
        return local

    def _length(self, kind: str) -> str:
        """Read a length; -1 stands for null whatever the encoding."""
        if not self._is_flexible:
            size = self._fixed("i32" if kind in LONG_LENGTHS or kind == "array" else "i16")
            self._flush()
            return size
        size = self._byte()
        self._flush()
        self._source.add(f"if {size} > 127: {size}, pos = more(buf, pos, {size})")
        self._source.add(f"{size} -= 1")
        return size

    def _branch_null(self, size: str, local: str, *, is_nullable: bool) -> None:
        """Write the branch for a negative length, and open the one for all others."""
        add = self._source.add
        add(f"if {size} < 0:")
        if is_nullable:
            add(f"    if {size} != -1: raise KafkaCodecError('a negative length')")
            add(f"    {local} = None")
        else:
            add("    raise KafkaCodecError('a negative length or a null')")
        add("else:")
        self._source.indent += 1

    def _sized(self, field: Field, *, is_element: bool = False) -> str:
        local, stop = self._source.fresh("s"), self._source.fresh("e")
        size = self._length(field.kind)
        is_nullable = self._is_nullable(field) and not is_element
        self._branch_null(size, local, is_nullable=is_nullable)
        self._source.add(f"{stop} = pos + {size}")
        decode = ".decode()" if field.kind == "str" else ""
        self._source.add(f"{local} = buf[pos:{stop}]{decode}")
        self._source.add(f"pos = {stop}")
        self._source.indent -= 1
        return local

    def _array(self, field: Field) -> str:
        local = self._source.fresh("a")
        count = self._length("array")
        least = size_min(field, self._version, is_flexible=self._is_flexible)
        self._branch_null(count, local, is_nullable=self._is_nullable(field))
        self._source.add(f"if {count} > (end - pos) // {least}:")
        self._source.add("    raise KafkaCodecError('more elements than bytes')")
        if field.kind in FIXED:
            self._fixed_elements(field, local, count)
        else:
            self._source.add(f"left -= {count}")
            self._source.add("if left < 0: raise KafkaCodecError('too many elements')")
            self._elements(field, local, count)
        self._source.indent -= 1
        return local

    def _fixed_elements(self, field: Field, local: str, count: str) -> None:
        letter, width = FIXED[field.kind]
        unpack = f"Struct(f'>{{{count}}}{letter}').unpack_from(buf, pos)"
        self._source.add(f"{local} = list({unpack})")
        self._source.add(f"pos += {width} * {count}")

    def _elements(self, field: Field, local: str, count: str) -> None:
        self._source.add(f"{local} = []")
        self._source.add(f"for _ in range({count}):")
        self._source.indent += 1
        is_struct = field.kind == "struct"
        value = self._struct(field.fields) if is_struct else self._sized(field, is_element=True)
        self._flush()
        self._source.add(f"{local}.append({value})")
        self._source.indent -= 1
