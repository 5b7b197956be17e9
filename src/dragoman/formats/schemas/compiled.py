"""A compiled definition in Protocol Buffers: the set of files that protoc makes (FileDescriptorSet), and one message.

Files may come in any order. Those of google.protobuf that they import need not be in the set.
"""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

from dragoman.formats.schemas.compiledtext import Compiled
from dragoman.formats.schemas.limits import PARTS_MAX
from dragoman.model.errors import SchemaInvalid

FILES_MAX: Final = 256
WELL_KNOWN: Final[Mapping[str, bytes]] = {
    module.DESCRIPTOR.name: module.DESCRIPTOR.serialized_pb
    for module in (
        any_pb2,
        descriptor_pb2,
        duration_pb2,
        empty_pb2,
        field_mask_pb2,
        struct_pb2,
        timestamp_pb2,
        wrappers_pb2,
    )
}


def root_of(compiled: Compiled) -> Any:
    """The descriptor of its message, in a pool of its own. Raises SchemaInvalid."""
    try:
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled.files).file
    except DecodeError:
        raise SchemaInvalid("compiled_bytes is no FileDescriptorSet") from None
    if len(files) > FILES_MAX:
        raise SchemaInvalid(f"a compiled schema has at most {FILES_MAX} files")
    if sum(_parts(message) for file in files for message in file.message_type) > PARTS_MAX:
        raise SchemaInvalid(f"a compiled schema has at most {PARTS_MAX} messages and fields")
    pool = DescriptorPool()
    left = {file.name: file for file in files}
    for name in list(left):
        _add(pool, left, name)
    try:
        return pool.FindMessageTypeByName(compiled.root)
    except KeyError:
        raise SchemaInvalid(f"there is no message {compiled.root:.200}") from None


def _parts(message: Any) -> int:
    total = 0
    left = [message]
    while left:
        one = left.pop()
        total += 1 + len(one.field)
        left += one.nested_type
    return total


def _add(pool: DescriptorPool, left: dict[str, Any], name: str) -> None:
    """A file, behind those that it needs: one that needs itself finds itself missing. Raises SchemaInvalid."""
    stack = [name]
    opened: set[str] = set()
    while stack:
        file = left.get(stack[-1])
        if file is None:
            stack.pop()
            continue
        needed = [each for each in file.dependency if each in left or _is_missing(pool, each)]
        if not needed or file.name in opened:
            stack.pop()
            _put(pool, left.pop(file.name))
            continue
        opened.add(file.name)
        for each in needed:
            if each not in left and each in WELL_KNOWN:
                pool.AddSerializedFile(WELL_KNOWN[each])
        stack += needed


def _is_missing(pool: DescriptorPool, name: str) -> bool:
    try:
        pool.FindFileByName(name)
    except KeyError:
        return True
    return False


def _put(pool: DescriptorPool, file: Any) -> None:
    try:
        pool.AddSerializedFile(file.SerializeToString())
    except (TypeError, ValueError) as error:
        raise SchemaInvalid(str(error)[:500]) from None
