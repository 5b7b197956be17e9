"""Login mechanisms: what a start-ok's response says. No credentials are judged here.

PLAIN     authzid NUL user NUL password (RFC 4616)
AMQPLAIN  a field table without its length: LOGIN, PASSWORD
EXTERNAL  nothing: the client's certificate says who it is (`Connection.certified`)
"""

from collections.abc import Callable, Mapping
from typing import Final

from dragoman.doors.amqp091.errors import COMMAND_INVALID, Refused
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import decode_table

EXTERNAL: Final = "EXTERNAL"
Credentials = tuple[str, bytes]


def plain(response: bytes) -> Credentials | None:
    """User and password, None when the response holds none."""
    parts = response.split(b"\0")
    if len(parts) != 3:
        return None
    return _text(parts[1]), parts[2]


def amqplain(response: bytes) -> Credentials | None:
    """User and password, None when the response holds none."""
    try:
        table, _ = decode_table(len(response).to_bytes(4, "big") + response, 0)
    except AmqpError:
        return None
    user, password = table.get("LOGIN"), table.get("PASSWORD")
    if user is None or password is None or user.letter != "S" or password.letter != "S":
        return None
    return _text(user.value), password.value


def external(response: bytes) -> Credentials | None:
    """Nobody, as far as this says."""
    return None


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")


MECHANISMS: Final[Mapping[str, Callable[[bytes], Credentials | None]]] = {
    "PLAIN": plain,
    "AMQPLAIN": amqplain,
    EXTERNAL: external,
}


def credentials_of(mechanism: str, response: bytes) -> Credentials | None:
    """Raises Refused for a mechanism that was not offered."""
    read = MECHANISMS.get(mechanism)
    if read is None:
        raise Refused(COMMAND_INVALID, f"unknown authentication mechanism '{mechanism:.80}'")
    return read(response)
