"""What stands behind the frame of the Schema Registry's clients: 00, and four bytes that say which version it is.

Avro        binary
JSON        JSON
Protobuf    which message of the file it is, then binary. Which: a count and as many indexes, of messages within
each other; 00 stands for the first. Numbers are zigzag varints
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message_factory import GetMessageClass

from dragoman.formats.errors import FormatError
from dragoman.formats.eventfields import parse_json
from dragoman.formats.pubsub import read_varint
from dragoman.formats.schemas import avrodata, proto
from dragoman.formats.schemas.jsondata import JsonJudge
from dragoman.formats.schemas.limits import DEPTH_MAX, JUDGED_VALUES_MAX, Budget, SchemaMismatch
from dragoman.model.errors import SchemaInvalid
from dragoman.ports.schemas import Judge, SchemaKind


def avro_judge(node: Any) -> Judge:
    """Of what stands behind the frame."""
    return lambda data, _: avrodata.check_binary(node, data, Budget(JUDGED_VALUES_MAX))


def json_judge(schema: Any) -> Judge:
    """Of what stands behind the frame. Raises SchemaInvalid."""
    judge = JsonJudge(schema)
    return lambda data, _: judge(data, lambda: parse_json(data))


class ProtobufJudge:
    """Of what stands behind the frame; messages are made ready when they first come."""

    def __init__(self, messages: Mapping[str, Any]) -> None:
        self._messages = messages
        self._known: dict[tuple[int, ...], proto.Definition] = {}

    def __call__(self, data: bytes, ask: Callable[[], object]) -> None:
        """Raises SchemaMismatch."""
        indexes, at = _indexes(data)
        definition = self._known.get(indexes)
        if definition is None:
            definition = self._known[indexes] = proto.Definition(self._find(indexes))
        proto.check_binary(definition, data[at:], Budget(JUDGED_VALUES_MAX))

    def _find(self, indexes: tuple[int, ...]) -> Any:
        known: Any = list(self._messages.values())
        message: Any = None
        for index in indexes:
            if index >= len(known):
                raise SchemaMismatch("the schema has no such message")
            message = known[index]
            known = message.nested_types
        return GetMessageClass(message)


def _indexes(data: bytes) -> tuple[tuple[int, ...], int]:
    """Raises SchemaMismatch."""
    try:
        raw, at = read_varint(data, 0)
        if raw == 0:
            return (0,), at
        found: list[int] = []
        if raw & 1 or raw >> 1 > DEPTH_MAX:
            raise SchemaMismatch("no message within others is that deep")
        for _ in range(raw >> 1):
            number, at = read_varint(data, at)
            found.append(number >> 1)
    except (IndexError, FormatError):
        raise SchemaMismatch("which message it is is not said") from None
    return tuple(found), at


def only_message(messages: Mapping[str, Any]) -> proto.Definition:
    """The one message of a file: without a frame nothing says which it is. Raises SchemaInvalid."""
    if len(messages) != 1:
        raise SchemaInvalid("a body without a frame is judged by a file of one message")
    (message,) = messages.values()
    return proto.Definition(GetMessageClass(message))


JUDGES: Final[Mapping[SchemaKind, Callable[[Any], Judge]]] = {
    "avro": avro_judge,
    "json": json_judge,
    "protobuf": ProtobufJudge,
}
