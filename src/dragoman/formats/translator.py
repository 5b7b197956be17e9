"""What the kernel asks of stored bytes (`ports.translator`), answered for every format.

AMQP entries are looked at in place. What another protocol brought is first made an AMQP entry where the answer is a
changed message, because the history of dead letters (`x-death`) is written in that protocol's words and every other
door reads it from there.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from dragoman.formats import decode, decode_all, render, translate
from dragoman.formats.death import cycle_of, with_death
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, CANONICAL
from dragoman.model.message import Message
from dragoman.ports.translator import Death, FieldSource
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries, split_entry, split_key
from dragoman.wire.amqp091.properties import Properties, encode_header

_DROPPED_WITH_KEY: Final = ("CC", "BCC")


class AmqpFields:
    """See `FieldSource`: the header table of an AMQP entry, decoded when first asked for."""

    def __init__(self, properties: Properties) -> None:
        self._properties = properties

    @cached_property
    def headers(self) -> Mapping[str, object]:
        """Values as Python's own: text where bytes are text, numbers whatever their width."""
        return {name: plain(field) for name, field in self._properties.headers.items()}

    def attribute(self, name: str) -> object:
        """By AMQP's name of the property."""
        return self._properties.as_dict().get(name.replace("-", "_"))


class MessageFields:
    """See `FieldSource`: a message that had to be decoded."""

    def __init__(self, message: Message) -> None:
        self._message = message

    @cached_property
    def headers(self) -> Mapping[str, object]:
        """The last of each name."""
        return dict(self._message.headers)

    def attribute(self, name: str) -> object:
        """By the envelope's name."""
        return getattr(self._message, name, None)


def plain(field: Field) -> Any:
    """A field's value without its wire type: what filters compare."""
    match field.letter:
        case "S" | "x":
            try:
                return field.value.decode()
            except UnicodeDecodeError:
                return field.value
        case "A":
            return [plain(item) for item in field.value]
        case "F":
            return {name: plain(item) for name, item in field.value.items()}
        case "D":
            scale, unscaled = field.value
            return unscaled / 10**scale
        case _:
            return field.value


class FormatTranslator:
    """See `ports.translator.Translator`."""

    def fields(self, format: int, body: bytes, index: int) -> FieldSource:
        """Raises FormatError."""
        if format != AMQP091:
            return MessageFields(decode(format, body, index))
        try:
            return AmqpFields(Properties(split_entry(body)[1]))
        except AmqpError as error:
            raise FormatError(error.text) from error

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        """Raises FormatError."""
        messages: list[tuple[Message, None]] = [
            (message, None) for message in decode_all(format, body)
        ]
        return CANONICAL, render([*messages], CANONICAL, RenderOptions())

    def route_key(self, format: int, body: bytes) -> str:
        """The routing key of an AMQP entry; other protocols have none."""
        if format != AMQP091:
            return ""
        return split_key(split_entry(body)[0])[1].decode(errors="replace")

    def further_keys(self, format: int, body: bytes) -> tuple[str, ...]:
        """AMQP's CC and BCC headers: more keys the message is routed by."""
        if format != AMQP091 or b"CC" not in body:
            return ()
        headers = self.fields(format, body, 0).headers
        lists = [headers.get(name) for name in _DROPPED_WITH_KEY]
        return tuple(
            key for keys in lists if isinstance(keys, list) for key in keys if isinstance(key, str)
        )

    def dead_letter(
        self, format: int, body: bytes, death: Death
    ) -> tuple[int, bytes, frozenset[str]]:
        """Raises FormatError."""
        key_raw, header, content = split_entry(_as_amqp(format, body))
        try:
            properties = Properties(header)
            exchange, key = split_key(key_raw)
            values = properties.as_dict()
            headers = dict(properties.headers)
        except AmqpError as error:
            raise FormatError(error.text) from error
        avoid = cycle_of(headers, death.reason)
        if death.route_key:
            for name in _DROPPED_WITH_KEY:
                headers.pop(name, None)
        expiration = values.pop("expiration", None)
        values["headers"] = with_death(headers, death, exchange, key, expiration)
        lettered = pack_entries(
            _key_raw(death.exchange, death.route_key or key.decode(errors="surrogateescape")),
            [encode_header(len(content), values)],
            [content],
        )
        return AMQP091, lettered[0], avoid

    def with_headers(
        self, format: int, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> tuple[int, bytes]:
        """Raises FormatError."""
        key_raw, header, content = split_entry(_as_amqp(format, body))
        try:
            properties = Properties(header)
            table = dict(properties.headers)
            values = properties.as_dict()
        except AmqpError as error:
            raise FormatError(error.text) from error
        table.update({name: Field("S", value.encode()) for name, value in headers})
        values["headers"] = table
        return AMQP091, pack_entries(key_raw, [encode_header(len(content), values)], [content])[0]


def _as_amqp(format_: int, body: bytes) -> bytes:
    return translate(format_, body, AMQP091, RenderOptions())[0]


def _key_raw(exchange: str, key: str) -> bytes:
    """The stored form's beginning: both names as short strings."""
    names = [name.encode(errors="surrogateescape")[:255] for name in (exchange, key)]
    return b"".join(bytes([len(name)]) + name for name in names)
