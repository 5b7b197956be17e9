"""Access lists: not kept by this broker, and every request about them is told so (SECURITY_DISABLED)."""

from typing import Any, Final

from dragoman.doors.kafka.talk import Request, Talk
from dragoman.wire.kafka.errors import ErrorCode

Message = dict[str, Any]
_DISABLED: Final = {
    "error_code": ErrorCode.SECURITY_DISABLED,
    "error_message": ErrorCode.SECURITY_DISABLED.message,
}


def serve_describe(talk: Talk, request: Request, message: Message) -> Message:
    """DescribeAcls."""
    return {**_DISABLED, "resources": []}


def serve_create(talk: Talk, request: Request, message: Message) -> Message:
    """CreateAcls."""
    return {"results": [dict(_DISABLED) for _ in message["creations"]]}


def serve_delete(talk: Talk, request: Request, message: Message) -> Message:
    """DeleteAcls."""
    return {"filter_results": [{**_DISABLED, "matching_acls": []} for _ in message["filters"]]}
