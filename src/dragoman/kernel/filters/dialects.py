"""The dialects that a filter may be written in, by name: of a subscription, a binding, a pump."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.kernel.filters.amqp import headers_filter
from dragoman.kernel.filters.cel.filter import cel_filter
from dragoman.kernel.filters.compiler import PLAIN, CompiledFilter, compile_filter
from dragoman.kernel.filters.eventgrid import eventgrid_filter
from dragoman.kernel.filters.nodes import Predicate, Semantics
from dragoman.kernel.filters.pubsub import pubsub_filter
from dragoman.kernel.filters.servicebus import SEMANTICS as SERVICEBUS
from dragoman.kernel.filters.servicebus import servicebus_filter
from dragoman.kernel.filters.shown import as_cel

DIALECTS: Final[Mapping[str, Callable[[Mapping[str, Any]], Predicate]]] = {
    "headers": headers_filter,
    "eventgrid": eventgrid_filter,
    "pubsub": pubsub_filter,
    "servicebus": servicebus_filter,
    "cel": cel_filter,
}
SEMANTICS: Final[Mapping[str, Semantics]] = {"servicebus": SERVICEBUS}


def filter_in(dialect: str, said: Mapping[str, Any]) -> CompiledFilter | None:
    """Ready to run; None where nothing is said, which takes all. Raises InvalidArgument."""
    if not said:
        return None
    return compile_filter(DIALECTS[dialect](said), SEMANTICS.get(dialect, PLAIN))


def filter_as_cel(dialect: str, said: Mapping[str, Any]) -> str:
    """The same in CEL's words; empty where it takes all. Raises InvalidArgument."""
    if not said:
        return ""
    return as_cel(DIALECTS[dialect](said), SEMANTICS.get(dialect, PLAIN))
