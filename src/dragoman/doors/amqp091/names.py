"""Names that clients give, leave out, or may not use."""

from base64 import urlsafe_b64encode
from typing import Final

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import ACCESS_REFUSED, NOT_FOUND, Refused
from dragoman.kernel.api import Session

RESERVED: Final = "amq."
TOKEN_BYTES: Final = 16


def made_up(session: Session, prefix: str) -> str:
    """A name nobody else has."""
    token = urlsafe_b64encode(session.token(TOKEN_BYTES)).rstrip(b"=").decode()
    return prefix + token


def queue_name(channel: Channel, name: str) -> str:
    """The queue meant: empty is the last one declared on this channel. Raises Refused (404)."""
    if name:
        return tidy(name)
    if not channel.queue_last:
        raise Refused(NOT_FOUND, "no previously declared queue")
    return channel.queue_last


def tidy(name: str) -> str:
    """Line ends are taken out of names, as RabbitMQ does."""
    return name.replace("\r", "").replace("\n", "")


def check_reserved(kind: str, name: str) -> None:
    """Raises Refused (403) for a name that only the broker may give."""
    if name.startswith(RESERVED):
        raise Refused(ACCESS_REFUSED, f"{kind} name '{name}' contains reserved prefix 'amq.*'")
