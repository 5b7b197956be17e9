"""What requests to `$management` say, and how they are refused."""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.doors.servicebus.errors import ARGUMENT
from dragoman.wire.amqp10.values import Array

OK: Final = 200
NO_CONTENT: Final = 204
BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
CONFLICT: Final = 409
GONE: Final = 410
NOT_THERE: Final = 501

Body = Mapping[Any, Any]
Result = tuple[int, Any]
"""A status, and the map that answers, or Answer.EMPTY."""


class Failed(Exception):
    """A status and a condition, and what to say of it."""

    def __init__(self, status: int, condition: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.condition = condition


def items_in(body: Body, name: str) -> list[Any]:
    """A list or an array. Raises Failed."""
    found = body.get(name)
    if type(found) is Array:
        return list(found.items)
    if type(found) is list:
        return found
    raise Failed(BAD_REQUEST, ARGUMENT, f"{name} is missing")


def numbers_in(body: Body, name: str) -> list[int]:
    """Whole numbers. Raises Failed."""
    found = items_in(body, name)
    if not all(isinstance(item, int) and type(item) is not bool for item in found):
        raise Failed(BAD_REQUEST, ARGUMENT, f"{name} are no numbers")
    return [int(item) for item in found]


def number_in(body: Body, name: str, default: int) -> int:
    """A whole number, `default` where there is none."""
    found = body.get(name, default)
    return int(found) if isinstance(found, int) else default


def text_in(body: Body, name: str) -> str:
    """Raises Failed."""
    found = body.get(name)
    if not isinstance(found, str):
        raise Failed(BAD_REQUEST, ARGUMENT, f"{name} is missing")
    return str(found)
