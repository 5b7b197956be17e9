"""Which streams there are, for doors whose clients ask for all of them again and again.

A listing is the same object until a stream of its namespace comes, goes or is altered: what a door has made of it, a
long answer say, it may keep with it, and need not ask whether that is still true. So is what a caller may see of it,
until grants change; callers that may see the same are given the same.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

KEPT_MAX: Final = 32  # things that doors keep with one listing
VIEWS_MAX: Final = 16  # parts of a listing that are remembered
SEEN_MAX: Final = 1_000  # and for whom

Row = tuple[str, bytes, int]  # name, uuid, how many partitions


class Listing:
    """Streams of a namespace, by name. `kept` is the doors': what they made of it, by keys of their own."""

    __slots__ = ("_seen", "_views", "kept", "streams")

    def __init__(self, streams: tuple[Row, ...]) -> None:
        self.streams = streams
        self.kept: dict[Hashable, Any] = {}
        self._seen: dict[Hashable, Listing] = {}  # by whom
        self._views: dict[tuple[Row, ...], Listing] = {}

    def seen(self, by: Hashable, may_see: Callable[[str], bool]) -> "Listing":
        """What may be seen of it; `by` names who looks and what was granted so far."""
        found = self._seen.get(by)
        if found is None:
            found = self._view(tuple(row for row in self.streams if may_see(row[0])))
            if len(self._seen) >= SEEN_MAX:
                self._seen.clear()
            self._seen[by] = found
        return found

    def _view(self, rows: tuple[Row, ...]) -> "Listing":
        if len(rows) == len(self.streams):
            return self
        found = self._views.get(rows)
        if found is None:
            if len(self._views) >= VIEWS_MAX:
                self._views.clear()
                self._seen.clear()
            found = self._views[rows] = Listing(rows)
        return found

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
