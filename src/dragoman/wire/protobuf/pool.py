"""The private pool, and classes in it.

    PUBSUB = define(TABLE)                    once, when the table's module is loaded
    Topic: Final[Any] = PUBSUB["Topic"]       a class; what it is made of is found in it: Topic.State, Topic.ACTIVE

Messages of one pool hold messages of that pool alone: timestamps and such are those of `known`, not google.protobuf's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from dragoman.wire.protobuf.table import Rule, Tables

POOL: Final = DescriptorPool()


class Rpc:
    """A method of a service, as its table says; `rules` are those of REST, the first is the one that clients use."""

    __slots__ = (
        "is_client_streaming",
        "is_server_streaming",
        "name",
        "request",
        "response",
        "rules",
    )

    def __init__(self, method: Any, rules: Sequence[Rule]) -> None:
        self.name: str = method.name
        self.request: Any = GetMessageClass(method.input_type)
        self.response: Any = GetMessageClass(method.output_type)
        self.is_client_streaming: bool = method.client_streaming
        self.is_server_streaming: bool = method.server_streaming
        self.rules = rules


class Package:
    """One file's classes, by the name of the message; `services` by their short names."""

    def __init__(self, file: Any, rules: Mapping[str, Sequence[Rule]]) -> None:
        self.name: str = file.package
        self.file: Any = file
        self._classes: dict[str, Any] = {
            name: GetMessageClass(message) for name, message in file.message_types_by_name.items()
        }
        self.services: Mapping[str, Mapping[str, Rpc]] = {
            service.name: {
                method.name: Rpc(method, rules.get(f"{service.name}.{method.name}", ()))
                for method in service.methods
            }
            for service in file.services_by_name.values()
        }

    def __getitem__(self, name: str) -> Any:
        """The class of a message. Raises KeyError."""
        return self._classes[name]

    def enum(self, name: str) -> Mapping[str, int]:
        """An enum of the file: its values by name. Raises KeyError."""
        values: Any = self.file.enum_types_by_name[name].values
        return {value.name: value.number for value in values}


def define(text: str) -> Package:
    """The classes of a table. What it imports is defined before. Raises ValueError, TypeError for a wrong table."""
    tables = Tables(text)
    POOL.AddSerializedFile(tables.file.SerializeToString())
    return Package(POOL.FindFileByName(tables.file.name), tables.rules)
