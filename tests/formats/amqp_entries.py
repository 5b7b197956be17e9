"""Messages of RabbitMQ made and read by pamqp, which knows nothing of our codecs."""

import struct
from typing import Any

from pamqp import commands, header

Properties = commands.Basic.Properties


def entry_of(body: bytes = b"x", exchange: str = "", key: str = "q", **properties: Any) -> bytes:
    """A stored message, its content header as pamqp writes it."""
    content = header.ContentHeader(0, len(body), Properties(**properties)).marshal()
    names = b"".join(bytes([len(name)]) + name for name in (exchange.encode(), key.encode()))
    return names + struct.pack(">I", len(content)) + content + body


def parts_of(entry: bytes) -> tuple[str, str, dict[str, Any], bytes]:
    """Exchange, routing key, the properties that are set as pamqp reads them, body."""
    exchange_end = 1 + entry[0]
    key_end = exchange_end + 1 + entry[exchange_end]
    (size,) = struct.unpack_from(">I", entry, key_end)
    content = header.ContentHeader()
    content.unmarshal(entry[key_end + 4 : key_end + 4 + size])
    body = entry[key_end + 4 + size :]
    assert content.body_size == len(body)
    assert content.properties is not None
    found = {name: value for name, value in content.properties if value not in (None, "")}
    return entry[1:exchange_end].decode(), entry[exchange_end + 1 : key_end].decode(), found, body
