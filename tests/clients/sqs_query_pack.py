"""Bytes in JSON, which has none. Imports nothing but the standard library: two processes share it."""

import base64
from typing import Any


def pack(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {name: pack(item) for name, item in value.items()}
    return [pack(item) for item in value] if isinstance(value, list) else value


def unpack(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"base64"}:
            return base64.b64decode(value["base64"])
        return {name: unpack(item) for name, item in value.items()}
    return [unpack(item) for item in value] if isinstance(value, list) else value
