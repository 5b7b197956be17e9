"""Which streams there are, for doors whose clients ask for all of them again and again.

A listing is the same object until a stream of its namespace comes, goes or is altered: what a door has made of it, a
long answer say, it may keep with it, and need not ask whether that is still true.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

KEPT_MAX: Final = 32  # things that doors keep with one listing

Row = tuple[str, bytes, int]  # name, uuid, how many partitions


class Listing:
    """All streams of a namespace, by name. `kept` is the doors': what they made of it, by keys of their own."""

    __slots__ = ("kept", "streams")

    def __init__(self, streams: tuple[Row, ...]) -> None:
        self.streams = streams
        self.kept: dict[Hashable, Any] = {}

    def keep(self, key: Hashable, made: Any) -> None:
        """Until the listing is another, or too much is kept."""
        if len(self.kept) >= KEPT_MAX:
            self.kept.clear()
        self.kept[key] = made


class GetListing(msgspec.Struct, frozen=True, kw_only=True):
    """Reply: `Listing`."""

    namespace: str = DEFAULT_NAMESPACE


def get(kernel: "Decisions", command: GetListing, session: int) -> Listing:
    """Reply: the namespace's streams."""
    state = kernel.state
    known: Listing | None = state.listings.get(command.namespace)
    if known is None:
        found = sorted(
            (name, stream.uuid, len(stream.partitions))
            for (namespace, name), stream in state.streams_named.items()
            if namespace == command.namespace
        )
        known = state.listings[command.namespace] = Listing(tuple(found))
    return known


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {GetListing: get}
