"""Random: each message to one binding, any. Chance is the caller's: the salt picks. Keys are ignored."""

from dragoman.kernel.routes.binding import NO_BINDINGS, Binding, Bindings
from dragoman.kernel.routes.matcher import Matcher
from dragoman.ports.translator import FieldSource


class RandomChoice(Matcher):
    """Bindings in a row."""

    __slots__ = ("_bound",)

    by_chance = True

    def __init__(self) -> None:
        self._bound: list[Binding] = []

    def insert(self, binding: Binding) -> None:
        self._bound.append(binding)

    def remove(self, binding: Binding) -> None:
        self._bound.remove(binding)

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        bound = self._bound
        return (bound[salt % len(bound)],) if bound else NO_BINDINGS
