"""Publishes of which rules refuse some messages, where each sender hears of its own message alone.

The kernel refuses such a publish whole and says which messages are bad; the others are published then.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.api import Publish, PublishReply, Session, without
from dragoman.model.errors import MessageInvalid

NONE_BAD: Final[Mapping[int, str]] = {}


def publish_good(
    session: Session, command: Publish
) -> tuple[PublishReply | None, Mapping[int, str]]:
    """The reply for those that are taken, None when none is, and by index why others are refused. Indexes in the reply
    are those of `command`. Raises KernelError.
    """
    try:
        return session.publish(command), NONE_BAD
    except MessageInvalid as error:
        faults = error.faults
    rest = without(command, faults)
    if rest is None:
        return None, faults
    reply = session.publish(rest)
    kept = [index for index in range(len(command.bodies)) if index not in faults]
    if reply.refused >= 0:
        reply.refused = kept[reply.refused]
    if reply.unrouted is not None:
        reply.unrouted = [kept[index] for index in reply.unrouted]
    if reply.duplicates is not None:
        reply.duplicates = {kept[at]: known for at, known in reply.duplicates.items()}
    return reply, faults
