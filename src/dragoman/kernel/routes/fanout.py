"""Fanout: every binding, whatever the key. Keys still tell bindings of one target apart."""

from dragoman.kernel.routes.binding import Binding, Bindings
from dragoman.kernel.routes.matcher import Matcher
from dragoman.ports.translator import FieldSource


class Fanout(Matcher):
    """All bindings, as one tuple made when first asked for."""

    __slots__ = ("_bound", "_ready")

    def __init__(self) -> None:
        self._bound: dict[int, Binding] = {}
        self._ready: Bindings | None = None

    def insert(self, binding: Binding) -> None:
        self._bound[binding.order] = binding
        self._ready = None

    def remove(self, binding: Binding) -> None:
        del self._bound[binding.order]
        self._ready = None

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        found = self._ready
        if found is None:
            found = tuple(self._bound.values())
            self._ready = found
        return found
