"""Front end: the bindings of an AMQP headers exchange.

The arguments of a binding are the pattern. `x-match` says how it is met:

    all          every other argument not named x-... (also when x-match is absent)
    any          at least one other argument not named x-...
    all-with-x   every other argument; any-with-x: at least one

An argument that is null (void) asks only that the header be there. Values are compared as `values` says: by value, not
by the width of the number, as RabbitMQ 4 does; bytes and text differ (RabbitMQ takes `x` and `S` fields for the same).
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.filters.nodes import And, Exists, Header, Or, Predicate, Semantics, equals
from dragoman.model.errors import InvalidArgument

X_MATCH: Final = "x-match"
X_PREFIX: Final = "x-"
MATCH_KINDS: Final = ("all", "any", "all-with-x", "any-with-x")
SEMANTICS: Final = Semantics()


def headers_filter(arguments: Mapping[str, object]) -> Predicate:
    """The predicate of a binding's arguments. Raises InvalidArgument for an x-match that is none of the four."""
    kind = arguments.get(X_MATCH, "all")
    if not isinstance(kind, str) or kind not in MATCH_KINDS:
        raise InvalidArgument(f"x-match is one of {', '.join(MATCH_KINDS)}, not {kind!r:.80}")
    with_x = kind.endswith("-with-x")
    parts = tuple(
        Exists(Header(name)) if value is None else equals(Header(name), value)
        for name, value in arguments.items()
        if name != X_MATCH and (with_x or not name.startswith(X_PREFIX))
    )
    return Or(parts) if kind.startswith("any") else And(parts)
