"""What an expression sees of a message.

    msg   the body's JSON, parsed when first asked for; null where it is none        raw   the body's bytes
    h     headers by name, of duplicates the last                                    m     the fields of MEMBERS

A header's value counts as what it says, whatever its width: see `values`. What a message does not say is not there.
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.kernel.filters.evaluation import failed
from dragoman.kernel.filters.expressions import (
    BOOL,
    BYTES,
    DYN,
    INT,
    MAP,
    STRING,
    TIMESTAMP,
    Expression,
    Name,
    Type,
)
from dragoman.kernel.filters.times import Timestamp
from dragoman.kernel.filters.values import MISSING, Missing
from dragoman.model.message import Typed

VARIABLES: Final[Mapping[str, Type]] = {"msg": DYN, "raw": BYTES, "h": MAP, "m": MAP}
TIMES: Final = frozenset({"created_at", "deliver_at", "expires_at"})
EVENT: Final = "event:"
MEMBERS: Final[Mapping[str, Type]] = {
    **dict.fromkeys(
        (
            "app",
            "content_encoding",
            "content_type",
            "dedup",
            "group",
            "id",
            "reply_group",
            "reply_to",
            "source",
            "subject",
            "to",
            "type",
            "user",
        ),
        STRING,
    ),
    **dict.fromkeys(TIMES, TIMESTAMP),
    "correlation": DYN,
    "durable": BOOL,
    "key": BYTES,
    "priority": INT,
}


def is_name_of(node: Expression, name: str) -> bool:
    """Whether it is this variable of the message, and no loop's."""
    return isinstance(node, Name) and node.name == name and not node.is_local


def plain_value(value: Any) -> Any:
    """Without widths, also of what is inside. Raises EvaluationError for MISSING."""
    if value is MISSING:
        failed("no such header")
    if value.__class__ is Typed:
        value = value.value
    if value.__class__ is list or value.__class__ is tuple:
        return [plain_value(each) for each in value]
    if value.__class__ is dict:
        return {name: plain_value(each) for name, each in value.items()}
    return value


def all_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """For those who want them all."""
    return {name: plain_value(value) for name, value in headers.items()}


def present(value: Any) -> Any:
    """Raises EvaluationError for None."""
    return plain_value(MISSING if value is None else value)


def instant(value: Any) -> Timestamp:
    """Of milliseconds. Raises EvaluationError for None, ValueError out of range."""
    return Timestamp(present(value) * 1_000_000)


HELPERS: Final[Mapping[str, Any]] = {
    "M": MISSING,
    "NO_PATH": (),
    "BODY": "body",
    "ODD": frozenset({Missing, Typed, list, tuple, dict}),
    "plain_value": plain_value,
    "all_headers": all_headers,
    "present": present,
    "instant": instant,
}
