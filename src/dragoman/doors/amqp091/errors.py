"""Refusals in RabbitMQ's words, and the one table from kernel errors to them.

A refusal closes its channel, or the whole connection when its code is one of `CONNECTION_CODES` (AMQP 0-9-1 section
1.2). Texts are templates: `{0}` is what the kernel error names, `{kind}` and `{vhost}` come from where it was met. A
class that is not in the table takes its nearest parent's entry.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from dragoman.model import errors as e

CONTENT_TOO_LARGE: Final = 311
NO_ROUTE: Final = 312
CONNECTION_FORCED: Final = 320
ACCESS_REFUSED: Final = 403
NOT_FOUND: Final = 404
RESOURCE_LOCKED: Final = 405
PRECONDITION_FAILED: Final = 406
FRAME_ERROR: Final = 501
COMMAND_INVALID: Final = 503
CHANNEL_ERROR: Final = 504
RESOURCE_ERROR: Final = 506
NOT_ALLOWED: Final = 530
NOT_IMPLEMENTED: Final = 540
INTERNAL_ERROR: Final = 541

CONNECTION_CODES: Final = frozenset(
    (320, 402, 501, 502, 503, 504, 505, 506, NOT_ALLOWED, NOT_IMPLEMENTED, INTERNAL_ERROR)
)


class Refused(Exception):
    """What a client is told: a reply code and its text, without the code's name."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    @property
    def is_connection_error(self) -> bool:
        """Whether everything closes, and not this channel alone."""
        return self.code in CONNECTION_CODES


class Reply(NamedTuple):
    """A reply code and the template of its text."""

    code: int
    template: str


_LOCKED: Final = (
    "cannot obtain exclusive access to locked queue '{0}' in vhost '{vhost}'. It could be originally declared on"
    " another connection or the exclusive property value does not match that of the original declaration."
)

TABLE: Final[Mapping[type[e.KernelError], Reply]] = {
    e.KernelError: Reply(INTERNAL_ERROR, "{0}"),
    e.InvalidArgument: Reply(PRECONDITION_FAILED, "{0}"),
    e.NotSupported: Reply(NOT_IMPLEMENTED, "{0}"),
    e.AccessRefused: Reply(ACCESS_REFUSED, "{0}"),
    e.NotFound: Reply(NOT_FOUND, "{0}"),
    e.NamespaceNotFound: Reply(NOT_ALLOWED, "vhost {0} not found"),
    e.StreamNotFound: Reply(NOT_FOUND, "no queue '{0}' in vhost '{vhost}'"),
    e.PartitionNotFound: Reply(NOT_FOUND, "no partition {0} in vhost '{vhost}'"),
    e.SubscriptionNotFound: Reply(NOT_FOUND, "no queue '{0}' in vhost '{vhost}'"),
    e.RouteNotFound: Reply(NOT_FOUND, "no exchange '{0}' in vhost '{vhost}'"),
    e.GroupNotFound: Reply(NOT_FOUND, "no group '{0}' in vhost '{vhost}'"),
    e.ScheduleNotFound: Reply(NOT_FOUND, "no scheduled message '{0}' in vhost '{vhost}'"),
    e.Conflict: Reply(PRECONDITION_FAILED, "{0}"),
    e.AlreadyExists: Reply(PRECONDITION_FAILED, "{kind} '{0}' in vhost '{vhost}' already exists"),
    e.SettingsDiffer: Reply(PRECONDITION_FAILED, "inequivalent arg {0}"),
    e.InUse: Reply(PRECONDITION_FAILED, "{kind} '{0}' in vhost '{vhost}' in use"),
    e.NotEmpty: Reply(PRECONDITION_FAILED, "{kind} '{0}' in vhost '{vhost}' not empty"),
    e.ResourceLocked: Reply(RESOURCE_LOCKED, _LOCKED),
    e.LeaseExpired: Reply(PRECONDITION_FAILED, "unknown delivery tag: {0}"),
    e.PublishRefused: Reply(PRECONDITION_FAILED, "publish to '{0}' in vhost '{vhost}' refused"),
    e.MessageInvalid: Reply(PRECONDITION_FAILED, "{0}"),
    e.MessageTooLarge: Reply(PRECONDITION_FAILED, "message too large: {0}"),
    e.QuotaExceeded: Reply(PRECONDITION_FAILED, "{0}"),
    e.StorageFull: Reply(RESOURCE_ERROR, "{0}"),
    e.OffsetOutOfRange: Reply(PRECONDITION_FAILED, "{0}"),
    e.GroupError: Reply(PRECONDITION_FAILED, "{0}"),
    e.ProducerError: Reply(PRECONDITION_FAILED, "{0}"),
}


def refusal_of(error: e.KernelError, vhost: str, kind: str = "queue") -> Refused:
    """What the client is told about a kernel error met while serving it. `kind` is queue or exchange."""
    if isinstance(error, e.AccessRefused) and error.name:
        what = "exchange" if error.kind == "route" else "queue"
        text = f"access to {what} '{error.name}' in vhost '{vhost}' refused for user '{error.who}'"
        return Refused(ACCESS_REFUSED, text)
    for known in type(error).__mro__:
        reply = TABLE.get(known)
        if reply is not None:
            named = error.args[0] if error.args else type(error).__name__
            return Refused(reply.code, reply.template.format(named, vhost=vhost, kind=kind))
    raise error
