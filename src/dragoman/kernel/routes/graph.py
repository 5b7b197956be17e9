"""Routes bound to routes, and where a message ends up.

    start -> bindings -> target that is a route: visited once, then its bindings
                      -> any other target: final, taken once
          -> none     -> the alternate route, when there is one

Breadth first, so the order of targets follows the age of bindings. Each route is visited once, so cycles end. Where
several ways lead to a target, the first one's header assignments and rules are carried; along a way they add up.
"""

from collections.abc import Mapping
from typing import Any, Final

from dragoman.kernel.routes.binding import PLAIN, Passage, Target
from dragoman.kernel.routes.hashing import mix
from dragoman.kernel.routes.route import Route
from dragoman.ports.translator import FieldSource

RouteGraph = Mapping[Any, Route]
"""Routes by id. What is no id here is a final target, so ids of routes must not be ids of anything else."""

_NO_PASSAGES: Final[Mapping[Target, Passage]] = {}
_SALT_STEP: Final = 0x9E3779B97F4A7C15  # SplitMix64's; routes in a row draw apart


class Resolution:
    """Where a message goes.

    targets       each once, in order
    by_key        the start and the key alone decided: the result holds for every message with that key until a binding,
                  route or alternate changes
    unresolved    fields were needed and not given: `targets` is empty and says nothing
    passages      by target, what bindings do to the message, in order; only targets where they do anything
    """

    __slots__ = ("by_key", "passages", "targets", "unresolved")

    def __init__(
        self,
        targets: tuple[Target, ...],
        by_key: bool,
        passages: Mapping[Target, Passage] = _NO_PASSAGES,
        unresolved: bool = False,
    ) -> None:
        self.targets = targets
        self.by_key = by_key
        self.passages = passages
        self.unresolved = unresolved

    def __repr__(self) -> str:
        return f"Resolution({self.targets!r}, by_key={self.by_key})"


class _Walk:
    """Routes still to visit, and targets found."""

    __slots__ = ("found", "queue", "seen")

    def __init__(self, start: Target) -> None:
        self.queue: list[tuple[Target, Passage]] = [(start, PLAIN)]
        self.seen: set[Target] = {start}
        self.found: dict[Target, Passage] = {}

    def go(self, graph: RouteGraph, target: Target, passage: Passage) -> None:
        """Follow one binding."""
        if target not in graph:
            self.found.setdefault(target, passage)
        elif target not in self.seen:
            self.seen.add(target)
            self.queue.append((target, passage))


def resolve(
    graph: RouteGraph,
    start: Target,
    key: str,
    fields: FieldSource | None = None,
    salt: int = 0,
    further_keys: tuple[str, ...] = (),
) -> Resolution:
    """The final targets of a message that enters at route `start`, which is in the graph.

    Args:
        graph: routes by id.
        start: where it enters.
        key: its routing key.
        fields: its fields; None asks whether the key is enough (see `Resolution.unresolved`).
        salt: an evenly spread number, new for each message, for routes that choose by chance.
        further_keys: more keys it is routed by as well (AMQP's CC and BCC). A route that sends a message to one target
            only goes by `key` alone.
    """
    walk = _Walk(start)
    by_key = True
    keys = (key, *further_keys)
    for id_, inherited in walk.queue:  # grows as it is walked; every id enters once
        route = graph[id_]
        if route.needs_fields:
            if fields is None:
                return Resolution((), by_key=False, unresolved=True)
            by_key = False
        if route.matcher.by_chance:
            salt = mix(salt + _SALT_STEP)
            by_key = by_key and len(route) < 2
        matched = False
        for one_key in keys if route.matcher.by_key else keys[:1]:
            for binding in route.match(one_key, fields, salt):
                matched = True
                walk.go(graph, binding.target, inherited.then(binding))
        if not matched and route.alternate is not None and route.alternate in graph:
            walk.go(graph, route.alternate, inherited)
    passages = {target: way for target, way in walk.found.items() if not way.is_plain}
    return Resolution(tuple(walk.found), by_key, passages or _NO_PASSAGES)
