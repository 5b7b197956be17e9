"""Results per routing key, bounded. Hot: a hit is one dict look-up.

Keys are chosen by clients, so what is kept must not grow with their fancy. Two generations stand in for a list of all
uses: `young` takes what is new or used again; when it is full it becomes `old`, and the `old` before it is forgotten. A
key used at least once per generation is never lost, and a hit in `young` moves nothing.
"""

from dragoman.kernel.routes.binding import Bindings


class KeyCache:
    """At most `keys_max` results, the least lately used forgotten first (by generation)."""

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, keys_max: int) -> None:
        assert keys_max >= 2
        self._half = keys_max // 2
        self._young: dict[str, Bindings] = {}
        self._old: dict[str, Bindings] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: str) -> Bindings | None:
        """What was put for the key, unless it was forgotten."""
        found = self._young.get(key)
        if found is not None:
            return found
        found = self._old.pop(key, None)
        if found is not None:
            self.put(key, found)
        return found

    def put(self, key: str, found: Bindings) -> None:
        """Keep `found` for the key."""
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        self._young[key] = found

    def clear(self) -> None:
        """Forget everything."""
        if self._young or self._old:
            self._young = {}
            self._old = {}
