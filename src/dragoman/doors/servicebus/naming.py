"""Ids of messages that came without one, for Service Bus's clients cannot settle what has none; and their sessions.

sent over Service Bus    an id by chance, stored with the message
sent over another door   nothing is stored; whoever is shown the message sees an id made of its stream and number: the
                         same at each delivery and in a peek

Where sessions are required, a message that another door brought with a key and no group is of the session of that name.
"""

from base64 import urlsafe_b64encode
from hashlib import blake2s
from typing import Final

from dragoman.doors.shared.amqp10.ingest import Taken
from dragoman.formats.amqp10 import read_properties, section
from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.messaging import Properties
from dragoman.wire.amqp10.sections import (
    PREFIX_BYTES,
    Sections,
    pack_entry,
    properties_at,
    slice_message,
    split_entry,
)

ID_BYTES: Final = 16  # shown as .NET's client shows a GUID, in 32 digits
_PROPERTIES: Final = b"\x00\x53\x73"
_NULL: Final = 0x40
KEY: Final = "x-opt-partition-key"


def name_message(taken: Taken, token: bytes) -> None:
    """Give a message that is sent an id."""
    taken.properties.message_id = urlsafe_b64encode(token).decode()
    taken.entry = _with_properties(taken.entry, split_entry(taken.entry), taken.properties)


def named(entry: bytes, stream: str, sequence: int, *, in_session: bool = False) -> bytes:
    """The entry as it is shown: with an id, its own if it has one, and `in_session` with that. `stream` has its
    namespace in front.
    """
    if not in_session and _has_id(entry):
        return entry
    parts = split_entry(entry)
    properties = read_properties(entry, parts)
    session = _session_of(entry, parts, properties) if in_session else properties.group_id
    if properties.message_id is not None and properties.group_id == session:
        return entry
    properties.group_id = session
    if properties.message_id is None:
        seed = f"{stream}\n{sequence}".encode()
        properties.message_id = blake2s(seed, digest_size=ID_BYTES).hexdigest()
    return _with_properties(entry, parts, properties)


def session_in(entry: bytes) -> str | None:
    """The session that a message is of, where it is of one."""
    parts = split_entry(entry)
    return _session_of(entry, parts, read_properties(entry, parts))


def _session_of(entry: bytes, parts: Sections, properties: Properties) -> str | None:
    """Its group, or else its key."""
    if properties.group_id is not None:
        return properties.group_id
    known = section(entry, parts.annotations, parts.properties, dict)
    key = known.get(KEY) if known else None
    return key if type(key) is str else None


def _has_id(entry: bytes) -> bool:
    """Whether the usual form of properties, a list behind a short descriptor, begins with an id. Hot."""
    at: int = properties_at(entry)
    if entry[at : at + 3] != _PROPERTIES:
        return False
    constructor: int = entry[at + 3]
    if constructor == 0xC0:
        return entry[at + 5] > 0 and entry[at + 6] != _NULL
    return constructor == 0xD0 and entry[at + 8 : at + 12] != bytes(4) and entry[at + 12] != _NULL


def _with_properties(entry: bytes, parts: Sections, properties: Properties) -> bytes:
    before = entry[PREFIX_BYTES : parts.properties]
    rest = entry[parts.application :]
    return pack_entry(slice_message(before + to_bytes(properties) + rest))
