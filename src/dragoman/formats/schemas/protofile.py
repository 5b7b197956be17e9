"""A file of Protocol Buffers as a schema registry's clients bring it: its text, or its descriptor in base64.

Any number of messages and enums may stand at its top, and it may import others: those that were given by name, and
Google's own well-known types.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

from dragoman.formats.schemas.compiled import WELL_KNOWN, root_of
from dragoman.formats.schemas.compiledtext import read
from dragoman.formats.schemas.limits import PROBLEMS_MAX, SCHEMA_BYTES_MAX
from dragoman.formats.schemas.protochange import compare
from dragoman.formats.schemas.protosource import read_definition
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Source

TEXT_CHARS_MAX: Final = 500  # of what the library says
IMPORTS_MAX: Final = 64
Messages = Mapping[str, Any]
"""Descriptors by name, of what stands at a file's top; of a compiled definition its one message."""


def read_file(source: Source) -> Messages:
    """Raises SchemaInvalid."""
    compiled = read(source.text)
    if compiled is not None:
        root = root_of(compiled)
        return {root.name: root}
    known = dict(source.references)
    file = _file_of(source.text)
    pool = DescriptorPool()
    try:
        _add_imports(pool, file, known, set())
        pool.AddSerializedFile(file.SerializeToString())
        found = pool.FindFileByName(file.name)
    except (TypeError, ValueError, KeyError) as error:
        raise SchemaInvalid(str(error)[:TEXT_CHARS_MAX]) from None
    if not found.message_types_by_name and not found.enum_types_by_name:
        raise SchemaInvalid("a file has a message or an enum")
    return dict(found.message_types_by_name)


def _file_of(text: str) -> FileDescriptorProto:
    """Raises SchemaInvalid."""
    if len(text) > SCHEMA_BYTES_MAX:
        raise SchemaInvalid(f"the definition is larger than {SCHEMA_BYTES_MAX} bytes")
    try:
        raw = b64decode(text, validate=True)
        file = FileDescriptorProto.FromString(raw)
    except (binascii.Error, ValueError, DecodeError):
        return read_definition(text, stands_alone=False)
    file.name = file.name or "schema.proto"
    return file


def _add_imports(
    pool: DescriptorPool, file: FileDescriptorProto, known: Mapping[str, str], added: set[str]
) -> None:
    for name in file.dependency:
        if name in added:
            continue
        added.add(name)
        if len(added) > IMPORTS_MAX:
            raise SchemaInvalid(f"more than {IMPORTS_MAX} imports")
        if name in known:
            inner = _file_of(known[name])
        elif name in WELL_KNOWN:
            inner = FileDescriptorProto.FromString(WELL_KNOWN[name])
        else:
            raise SchemaInvalid(f"import {name:.200}: no reference has this name")
        inner.name = name
        _add_imports(pool, inner, known, added)
        pool.AddSerializedFile(inner.SerializeToString())


def problems(new: Messages, old: Messages) -> list[str]:
    """Why what the old ones describe cannot be read by the new, a few of the reasons."""
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    if len(new) == len(old) == 1:
        ((one, other),) = zip(new.values(), old.values(), strict=True)
        compare(one, other, seen, found)
        return found[:PROBLEMS_MAX]
    for name, message in old.items():
        if name in new:
            compare(new[name], message, seen, found)
        else:
            found.append(f"{message.full_name} is missing")
    return found[:PROBLEMS_MAX]
