"""`StateStore` in memory: per table a map, sorted when it is scanned."""

from collections.abc import Iterator, Sequence
from typing import final

from dragoman.storage.state.names import check_table


@final
class MemoryState:
    """State as durable as the process."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[str, bytes]] = {}

    def scan(
        self, table: str, start: str = "", end: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.scan`."""
        rows = self._tables.get(check_table(table), {})
        keys = sorted(key for key in rows if key >= start and (end is None or key < end))
        return iter([(key, rows[key]) for key in keys])

    def get(self, table: str, key: str) -> bytes | None:
        """See `StateStore.get`."""
        return self._tables.get(check_table(table), {}).get(key)

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """See `StateStore.commit`."""
        for table, key, _ in changes:
            check_table(table)
            key.encode()
        for table, key, value in changes:
            rows = self._tables.setdefault(table, {})
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value

    def close(self) -> None:
        """Nothing to do."""
