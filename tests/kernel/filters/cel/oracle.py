"""The official C++ implementation of CEL, and ours, each telling an outcome that can be compared with the other's.

An outcome is (type, value), ERROR for what cannot be told, or REFUSED. Theirs is asked twice: what it makes of an
expression whose types it has not checked, and whether it takes it when it checks them.
"""

import ctypes
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.conditions import Evaluate, compile_expression
from dragoman.kernel.filters.evaluation import BoolKey, OutOfBudget, type_of
from dragoman.kernel.filters.expressions import TypeValue
from dragoman.kernel.filters.times import Duration, Timestamp
from dragoman.model.errors import InvalidArgument

Outcome = tuple[str, str]

NONES_MAX = 40  # in a document and what comes of it

ERROR: Outcome = ("error", "")
REFUSED: Outcome = ("refused", "")
BUDGET: Outcome = ("budget", "")
ENVIRONMENT = cel.NewEnv(variables={"msg": cel.Type.DYN})
THEIR_NAMES = {
    "NULL": "null_type",
    "TIMESTAMP": "google.protobuf.Timestamp",
    "DURATION": "google.protobuf.Duration",
}


class Document:
    """A message of a JSON body alone."""

    headers: Mapping[str, object] = {}

    def __init__(self, body: object) -> None:
        self._body = body

    def attribute(self, name: str) -> object:
        return None

    def member(self, path: tuple[str, ...]) -> object:
        return self._body


def keep_none() -> None:
    """The library gives back references to None that it never took. Up to Python 3.11 None dies of it."""
    for _ in range(NONES_MAX):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))


class Theirs:
    """An expression, as C++ has it."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._compiled = ENVIRONMENT.compile(text, disable_check=True)
        except RuntimeError:
            self._compiled = None

    def takes(self) -> bool:
        """Whether its own check does."""
        try:
            ENVIRONMENT.compile(self._text)
        except RuntimeError:
            return False
        return True

    def of(self, body: object) -> Outcome:
        if self._compiled is None:
            return REFUSED
        keep_none()
        try:
            found = self._compiled.eval(data={"msg": body})
            if found.type() == cel.Type.ERROR:
                return ERROR
            name = found.type().name().partition("<")[0]
            return THEIR_NAMES.get(name, name.lower()), told(found.plain_value())
        except RuntimeError:
            return ERROR


class Ours:
    """The same expression, as we have it; `refusal` says why not."""

    def __init__(self, text: str) -> None:
        self.refusal = ""
        self._compiled: Evaluate | None = None
        try:
            self._compiled = compile_expression(expression_of(text))
        except InvalidArgument as error:
            self.refusal = str(error)

    def of(self, body: object) -> Outcome:
        if self._compiled is None:
            return REFUSED
        try:
            found = self._compiled(Document(body))
        except OutOfBudget:
            return BUDGET
        except Exception:  # noqa: BLE001 - an error is any
            return ERROR
        return type_of(found).name, told(plain(found))


def plain(value: Any) -> Any:
    """As the Python face of the C++ library spells values."""
    match value:
        case bool() | None | str() | float():
            return value
        case BoolKey():
            return value.value
        case int():
            return int(value)
        case bytes():
            return bytearray(value)
        case list() | tuple():
            return [plain(each) for each in value]
        case dict():
            return {plain(key): plain(each) for key, each in value.items()}
        case Timestamp(ns=ns):
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=ns // 1_000)
        case Duration(ns=ns):
            whole = timedelta(microseconds=abs(ns) // 1_000)
            return whole if ns >= 0 else -whole
        case TypeValue():
            return value
        case _:
            raise AssertionError(value)


def told(value: Any) -> str:
    """A value as both spell it: maps in one order, types all alike."""
    match value:
        case dict():
            inside = sorted(f"{told(key)}: {told(each)}" for key, each in value.items())
            return f"{{{', '.join(inside)}}}"
        case list():
            return f"[{', '.join(map(told, value))}]"
        case TypeValue() | cel.Type():
            return "a type"
        case str():
            return "'nan'" if value == "-nan" else repr(value)  # the sign of what is no number
        case _:
            return repr(value)
