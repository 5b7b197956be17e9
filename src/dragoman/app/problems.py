"""What is wrong with a configuration, gathered while it is read, so that one look tells all of it. Cold."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from dragoman.app.config import ConfigError, nearest
from dragoman.model.storable import UNSTORABLE, are_storable

S = TypeVar("S", bound=msgspec.Struct)


class Problems:
    """What is wrong with a file, gathered; sections are read through it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, where: str, what: str) -> None:
        """One line."""
        self.lines.append(f"{where}: {what}")

    def unknown(self, given: Iterable[str], known: Iterable[str], where: str) -> bool:
        """Add what is not known; whether there was any."""
        names = list(known)
        wrong = [name for name in given if name not in names]
        for name in wrong:
            self.add(where, f"no option {name}{nearest(name, names)}")
        return bool(wrong)

    def table(self, value: Any, where: str) -> dict[str, Any]:
        """A table; an empty one if it is not."""
        if isinstance(value, dict):
            return value
        self.add(where, "expected a table")
        return {}

    def struct(self, value: Any, kind: type[S], where: str) -> S | None:
        """A table as its struct; None if it is not one."""
        if not isinstance(value, dict):
            self.add(where, "expected a table")
            return None
        if self.unknown(value, kind.__struct_fields__, where):
            return None
        try:
            found = msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            self.add(where, str(error).replace(" - at `$.", " - at `"))
            return None
        if not are_storable(value):
            self.add(where, UNSTORABLE)
            return None
        return found

    def attempt(self, where: str, step: Callable[..., None], *arguments: Any) -> None:
        """Do one thing; add what it complains of."""
        try:
            step(*arguments)
        except ConfigError as error:
            self.lines += [f"{where}: {problem}" for problem in error.problems]
