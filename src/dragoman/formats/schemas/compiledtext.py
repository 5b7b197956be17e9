r"""How the store of schemas has a compiled definition in Protocol Buffers: as text, as it has all others.

"\0compiled " ROOT-MESSAGE "\n" BASE64       no source begins like that
"""

from base64 import b64decode, b64encode
from binascii import Error
from typing import Final, NamedTuple

from dragoman.model.errors import SchemaInvalid

MARK: Final = "\0compiled "


class Compiled(NamedTuple):
    """The message that data is, and the FileDescriptorSet that has it."""

    root: str
    files: bytes


def spell(compiled: Compiled) -> str:
    """Its text."""
    return f"{MARK}{compiled.root}\n{b64encode(compiled.files).decode()}"


def read(text: str) -> Compiled | None:
    """None for what is source. Raises SchemaInvalid."""
    if not text.startswith(MARK):
        return None
    root, _, encoded = text.removeprefix(MARK).partition("\n")
    try:
        return Compiled(root, b64decode(encoded, validate=True))
    except (Error, ValueError):
        raise SchemaInvalid("it is neither source nor compiled") from None
