"""Modulus hash: each message to the binding numbered hash mod count, bindings in order of age. Keys are ignored.

Cheap whatever the number of bindings; one that comes or goes moves nearly all messages (`consistent_hash` does not).
"""

from dragoman.kernel.filters.nodes import Field
from dragoman.kernel.routes.binding import NO_BINDINGS, Binding, Bindings
from dragoman.kernel.routes.hashing import message_hash
from dragoman.kernel.routes.matcher import Matcher
from dragoman.ports.translator import FieldSource


class ModulusHash(Matcher):
    """Bindings in a row. `on`: the header or attribute that places a message; its key when None."""

    __slots__ = ("_bound", "_on")

    def __init__(self, on: Field | None = None) -> None:
        self._on = on
        self._bound: list[Binding] = []

    def needs_fields(self) -> bool:
        return self._on is not None and len(self._bound) > 1

    def insert(self, binding: Binding) -> None:
        self._bound.append(binding)

    def remove(self, binding: Binding) -> None:
        self._bound.remove(binding)

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        bound = self._bound
        if len(bound) < 2:
            return (bound[0],) if bound else NO_BINDINGS
        return (bound[message_hash(self._on, key, fields) % len(bound)],)
