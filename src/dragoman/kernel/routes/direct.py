"""Direct: the message's key equals the binding's. Hot: one dict look-up.

key -> (binding, ...)      tuples made when first asked for, dropped when their key's bindings change
"""

from dragoman.kernel.routes.binding import NO_BINDINGS, Binding, Bindings
from dragoman.kernel.routes.matcher import Matcher
from dragoman.ports.translator import FieldSource


class Direct(Matcher):
    """Bindings by key."""

    __slots__ = ("_bound", "_ready")

    by_key = True

    def __init__(self) -> None:
        self._bound: dict[str, dict[int, Binding]] = {}  # key -> order -> binding, oldest first
        self._ready: dict[str, Bindings] = {}  # only keys of `_bound`, so it is no larger

    def insert(self, binding: Binding) -> None:
        self._bound.setdefault(binding.key, {})[binding.order] = binding
        self._ready.pop(binding.key, None)

    def remove(self, binding: Binding) -> None:
        bound = self._bound[binding.key]
        del bound[binding.order]
        if not bound:
            del self._bound[binding.key]
        self._ready.pop(binding.key, None)

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        found = self._ready.get(key)
        if found is not None:
            return found
        bound = self._bound.get(key)
        if bound is None:
            return NO_BINDINGS
        found = tuple(bound.values())
        self._ready[key] = found
        return found
