"""Actions of rules: what a message's copy says otherwise. Statements see what those before them have done.

    SET p = x      p is what x comes to, of its type where x is a property alone; where that is unknown, p goes
    REMOVE p       p goes; one that is not there is no error

System properties are text. An action knows the message's fields, never its bytes: `ports.translator` carries the change
out.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from dragoman.kernel.filters.compiler import compile_value
from dragoman.kernel.filters.nodes import Attribute, Header, Semantics, leaves_of
from dragoman.kernel.filters.sql import NewId, Statement
from dragoman.kernel.filters.values import MISSING, plain
from dragoman.ports.translator import Change, FieldSource

Value = Callable[["_Overlay"], Any]
NewIds = Callable[[], UUID]


class _Overlay:
    """See `FieldSource`: a message as an action has changed it so far."""

    def __init__(self, source: FieldSource, change: Change, new_id: NewIds) -> None:
        self._source = source
        self.change = change
        self.headers: Mapping[str, object] = dict(source.headers)
        self.new_id = new_id

    def attribute(self, name: str) -> object:
        known = self.change.fields
        return known[name] if name in known else self._source.attribute(name)

    def member(self, path: tuple[str, ...]) -> object:
        return self._source.member(path)

    def set_header(self, name: str, value: object) -> None:
        assert isinstance(self.headers, dict)
        if value is MISSING:
            self.headers.pop(name, None)
        else:
            self.headers[name] = value
        self.change.headers[name] = None if value is MISSING else value

    def set_field(self, name: str, value: object) -> None:
        self.change.fields[name] = None if value is MISSING else _text_of(value)


class Action:
    """Statements, ready to run."""

    __slots__ = ("_statements", "attributes")

    def __init__(self, statements: Sequence[Statement], semantics: Semantics) -> None:
        self._statements: Final = [
            (statement.target, _value_of(statement, semantics)) for statement in statements
        ]
        self.attributes = frozenset(
            leaf.name
            for statement in statements
            if statement.value is not None and not isinstance(statement.value, NewId)
            for leaf in leaves_of(statement.value)
            if isinstance(leaf, Attribute)
        )

    def change(self, source: FieldSource, new_id: NewIds) -> Change:
        """What a message says otherwise from now on. Raises InvalidArgument on bytes that cannot be read."""
        overlay = _Overlay(source, Change(), new_id)
        for target, value in self._statements:
            found = value(overlay)
            if isinstance(target, Header):
                overlay.set_header(target.name, found)
            else:
                overlay.set_field(target.name, found)
        return overlay.change


def _value_of(statement: Statement, semantics: Semantics) -> Value:
    said = statement.value
    if said is None:
        return _nothing
    if isinstance(said, NewId):
        return _new_id
    if isinstance(said, Header):
        name = said.name
        return lambda overlay: _of_null(overlay.headers.get(name))
    if isinstance(said, Attribute):
        field = said.name
        return lambda overlay: _of_null(overlay.attribute(field))
    return compile_value(said, semantics)


def _nothing(overlay: _Overlay) -> Any:
    return MISSING


def _new_id(overlay: _Overlay) -> Any:
    return overlay.new_id()


def _of_null(value: object) -> object:
    return MISSING if value is None else value


def _text_of(value: object) -> str:
    value = plain(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
