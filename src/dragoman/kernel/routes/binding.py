"""One binding: a target, the key and arguments it is bound with, and what it does to messages on their way.

A binding *is* its target, key and arguments: binding the same again changes nothing. Arguments are compared to the
type and width (1, 1.0 and true make three bindings). A filter narrows what the route's kind has matched; `headers_set`
are put on the message for this target, and then `rules`, by name, make of it what they will.
"""

from collections.abc import Hashable, Mapping
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.kernel.filters.values import identity_of

Target = Hashable
Arguments = Mapping[str, object]
HeadersSet = tuple[tuple[str, str], ...]
Identity = tuple[Target, str, Hashable]

NO_ARGUMENTS: Final[Arguments] = {}


class Passage:
    """What bindings do to a message on its way to a target: `headers_set`, then rules, by name."""

    __slots__ = ("headers_set", "rules")

    def __init__(self, headers_set: HeadersSet = (), rules: tuple[str, ...] = ()) -> None:
        self.headers_set = headers_set
        self.rules = rules

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Passage)
            and self.headers_set == other.headers_set
            and self.rules == other.rules
        )

    def __hash__(self) -> int:
        return hash((self.headers_set, self.rules))

    def then(self, binding: "Binding") -> "Passage":
        """And on through that binding."""
        if not binding.headers_set and not binding.rules:
            return self
        return Passage(self.headers_set + binding.headers_set, self.rules + binding.rules)

    @property
    def is_plain(self) -> bool:
        """Whether the message stays as it is."""
        return not self.headers_set and not self.rules


PLAIN: Final = Passage()


class Binding:
    """`order` is its age in its route: matches come oldest first. Changed by nobody once made."""

    __slots__ = ("arguments", "filter", "headers_set", "key", "order", "rules", "target")

    def __init__(
        self,
        target: Target,
        key: str,
        arguments: Arguments,
        order: int,
        filter_: CompiledFilter | None = None,
        headers_set: HeadersSet = (),
        rules: tuple[str, ...] = (),
    ) -> None:
        self.target = target
        self.key = key
        self.arguments = arguments
        self.order = order
        self.filter = filter_
        self.headers_set = headers_set
        self.rules = rules

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
