"""Headers: the binding's arguments are a pattern of the message's headers (`filters.amqp`); the key is ignored.

Thousands of bindings that ask for an equality cost one look-up per header they name (`filters.index`).
"""

from dragoman.kernel.filters.amqp import SEMANTICS, headers_filter
from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.index import EqualityIndex
from dragoman.kernel.filters.nodes import check
from dragoman.kernel.routes.binding import NO_BINDINGS, Arguments, Binding, Bindings
from dragoman.kernel.routes.matcher import Matcher
from dragoman.ports.translator import FieldSource


class Headers(Matcher):
    """Bindings by the headers they ask for."""

    __slots__ = ("_bound", "_index")

    def __init__(self) -> None:
        self._index = EqualityIndex()
        self._bound: dict[int, Binding] = {}  # order -> binding; the index finds orders

    def needs_fields(self) -> bool:
        return len(self._bound) > 0

    def check(self, key: str, arguments: Arguments) -> None:
        check(headers_filter(arguments))

    def insert(self, binding: Binding) -> None:
        pattern = compile_filter(headers_filter(binding.arguments), SEMANTICS)
        self._bound[binding.order] = binding
        self._index.add(binding.order, pattern)

    def remove(self, binding: Binding) -> None:
        del self._bound[binding.order]
        self._index.remove(binding.order)

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        if not self._bound:
            return NO_BINDINGS
        assert fields is not None
        return tuple([self._bound[int(order)] for order in self._index.matches(fields)])  # type: ignore[call-overload]
