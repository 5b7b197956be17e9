"""One binding: a target, the key and arguments it is bound with, and what it does to messages on their way.

A binding *is* its target, key and arguments: binding the same again changes nothing. Arguments are compared to the
type and width (1, 1.0 and true make three bindings). A filter narrows what the route's kind has matched; `headers_set`
are put on the message for this target.
"""

from collections.abc import Hashable, Mapping
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.values import identity_of

Target = Hashable
Arguments = Mapping[str, object]
HeadersSet = tuple[tuple[str, object], ...]
Identity = tuple[Target, str, Hashable]

NO_ARGUMENTS: Final[Arguments] = {}


class Binding:
    """`order` is its age in its route: matches come oldest first. Changed by nobody once made."""

    __slots__ = ("arguments", "filter", "headers_set", "key", "order", "target")

    def __init__(
        self,
        target: Target,
        key: str,
        arguments: Arguments,
        order: int,
        filter_: CompiledFilter | None = None,
        headers_set: HeadersSet = (),
    ) -> None:
        self.target = target
        self.key = key
        self.arguments = arguments
        self.order = order
        self.filter = filter_
        self.headers_set = headers_set

    def __repr__(self) -> str:
        return f"Binding({self.target!r}, {self.key!r}, {dict(self.arguments)!r})"


Bindings = tuple[Binding, ...]
NO_BINDINGS: Final[Bindings] = ()


def identity(target: Target, key: str, arguments: Arguments) -> Identity:
    """Equal for the same binding."""
    return (target, key, identity_of(arguments) if arguments else None)


def order_of(binding: Binding) -> int:
    """Sorts bindings by age."""
    return binding.order
