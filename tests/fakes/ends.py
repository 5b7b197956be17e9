"""Ends of a copy that are lists: what a reader has, what a writer got, and when either breaks."""

from collections.abc import Callable, Sequence

from dragoman.cli.copying.ends import Entry, Taken
from dragoman.cli.errors import CommandError
from dragoman.formats.canonical import encode
from dragoman.model.levels import CANONICAL
from dragoman.model.message import Message


def entry(body: bytes, **fields: object) -> Entry:
    message = Message(body)
    for name, value in fields.items():
        setattr(message, name, value)
    return Entry(CANONICAL, encode(message))


class ListReader:
    """Hands out entries in batches; remembers what was settled, and that it was closed."""

    def __init__(self, entries: Sequence[Entry], *, breaks_after: int | None = None) -> None:
        self.left = [Taken(one, index) for index, one in enumerate(entries)]
        self.expected: int | None = len(entries)
        self.under_way: set[int] = set()
        self.under_way_max = 0
        self.settled: list[int] = []
        self.is_closed = False
        self._breaks_after = breaks_after

    @property
    def is_done(self) -> bool:
        return not self.left

    def read(self, count_max: int, wait_s: float) -> list[Taken]:
        if self._breaks_after is not None and len(self.under_way) + len(self.settled) >= (
            self._breaks_after
        ):
            raise CommandError("the reader broke")
        found, self.left = self.left[:count_max], self.left[count_max:]
        self.under_way |= {one.token for one in found}
        self.under_way_max = max(self.under_way_max, len(self.under_way))
        return found

    def settle(self, taken: Sequence[Taken]) -> None:
        for one in taken:
            self.under_way.remove(one.token)
            self.settled.append(one.token)

    def close(self) -> None:
        self.is_closed = True


class ListWriter:
    """Keeps what it is given, but for what `refuses` says why it does not."""

    def __init__(self, refuses: Callable[[Entry], str] = lambda _: "", loses: int = 0) -> None:
        self.entries: list[Entry] = []
        self._refuses = refuses
        self._loses = loses

    def write(self, entries: Sequence[Entry]) -> list[str]:
        refusals = [self._refuses(one) for one in entries]
        if "broken" in refusals:
            raise CommandError("the writer broke")
        self.entries += [one for one, why in zip(entries, refusals, strict=True) if not why]
        return refusals

    def count(self) -> int | None:
        return max(len(self.entries) - self._loses, 0)

    def close(self) -> None:
        pass
