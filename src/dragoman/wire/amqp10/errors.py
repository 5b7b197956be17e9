"""What ends a link, a session or a connection, in the standard's words (part 2, sections 2.8.14 to 2.8.18)."""

from typing import Final

from dragoman.wire.amqp10.composites import Composite, Fields, Str, Sym, composite
from dragoman.wire.amqp10.values import Symbol

INTERNAL_ERROR: Final = Symbol("amqp:internal-error")
NOT_FOUND: Final = Symbol("amqp:not-found")
UNAUTHORIZED_ACCESS: Final = Symbol("amqp:unauthorized-access")
DECODE_ERROR: Final = Symbol("amqp:decode-error")
RESOURCE_LIMIT_EXCEEDED: Final = Symbol("amqp:resource-limit-exceeded")
NOT_ALLOWED: Final = Symbol("amqp:not-allowed")
INVALID_FIELD: Final = Symbol("amqp:invalid-field")
NOT_IMPLEMENTED: Final = Symbol("amqp:not-implemented")
RESOURCE_LOCKED: Final = Symbol("amqp:resource-locked")
PRECONDITION_FAILED: Final = Symbol("amqp:precondition-failed")
RESOURCE_DELETED: Final = Symbol("amqp:resource-deleted")
ILLEGAL_STATE: Final = Symbol("amqp:illegal-state")
CONNECTION_FORCED: Final = Symbol("amqp:connection:forced")
FRAMING_ERROR: Final = Symbol("amqp:connection:framing-error")
WINDOW_VIOLATION: Final = Symbol("amqp:session:window-violation")
ERRANT_LINK: Final = Symbol("amqp:session:errant-link")
HANDLE_IN_USE: Final = Symbol("amqp:session:handle-in-use")
UNATTACHED_HANDLE: Final = Symbol("amqp:session:unattached-handle")
DETACH_FORCED: Final = Symbol("amqp:link:detach-forced")
TRANSFER_LIMIT_EXCEEDED: Final = Symbol("amqp:link:transfer-limit-exceeded")
MESSAGE_SIZE_EXCEEDED: Final = Symbol("amqp:link:message-size-exceeded")
LINK_REDIRECT: Final = Symbol("amqp:link:redirect")
LINK_STOLEN: Final = Symbol("amqp:link:stolen")
UNKNOWN_TRANSACTION: Final = Symbol("amqp:transaction:unknown-id")
TRANSACTION_ROLLBACK: Final = Symbol("amqp:transaction:rollback")
TRANSACTION_TIMEOUT: Final = Symbol("amqp:transaction:timeout")

DESCRIPTION_CHARS_MAX: Final = 1_024


@composite(0x1D, "amqp:error:list")
class Error(Composite):
    """The error of a close, end, detach or rejected (part 2, section 2.8.14)."""

    condition: Sym
    description: Str | None = None
    info: Fields | None = None


class ConnectionFailed(Exception):
    """The whole connection ends with this error; what came before it in the same bytes stands."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(condition, description)
        self.error = Error(condition, description[:DESCRIPTION_CHARS_MAX])


class SessionFailed(Exception):
    """One session ends with this error."""

    def __init__(self, channel: int, condition: str, description: str) -> None:
        super().__init__(condition, description)
        self.channel = channel
        self.error = Error(condition, description[:DESCRIPTION_CHARS_MAX])
