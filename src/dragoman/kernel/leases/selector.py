"""What a receiver with a selector wants, and how far it has looked for it.

                returned            frontier                place
    DONE           | RETURNED, open ... |  READY ...           |  READY: not looked at

A receiver looks at each message once. Its place in a partition says up to where: no ready message before it is one that
it wants. What becomes ready before a place sets it back (`Window.come_back`). Looking changes nothing that lasts: a
place is lost with its receiver, and may lie past the frontier.
"""

from typing import TYPE_CHECKING

from dragoman.kernel.filters.compiler import CompiledFilter
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource, Translator

if TYPE_CHECKING:
    from dragoman.kernel.block import Block


class Place:
    """How far one receiver has looked in one partition: no ready message before `offset` is one that it wants."""

    __slots__ = ("offset",)

    def __init__(self) -> None:
        self.offset = 0


class Selector:
    """One receiver's. `is_through`: it has looked at all there is, and rests.

    places   by partition; as many as the stream had when it last looked
    looked   messages since somebody last began to count
    """

    __slots__ = ("_block", "_sources", "filter", "is_through", "looked", "places", "translator")

    def __init__(self, filter_: CompiledFilter, translator: Translator) -> None:
        self.filter = filter_
        self.translator = translator
        self.places: list[Place] = []
        self.is_through = False
        self.looked = 0
        self._block: Block | None = None  # a batch that was opened last, and its messages
        self._sources: list[FieldSource | None] = []

    def find(
        self, block: "Block", start: int, end: int, count_max: int
    ) -> tuple[tuple[int, int] | None, int]:
        """The first run in [start, end) that it wants, at most `count_max` long, and up to where it has looked. The
        block is loaded.
        """
        low = -1
        for offset in range(start, end):
            self.looked += 1
            if self.wants(block, offset):
                low = offset if low < 0 else low
                if offset + 1 - low == count_max:
                    return (low, offset + 1), offset + 1
            elif low >= 0:
                return (low, offset), offset + 1
        return (None if low < 0 else (low, end)), end

    def wants(self, block: "Block", offset: int) -> bool:
        """Whether the message passes; one that cannot be read is not what was asked for."""
        try:
            source = self._source(block, offset)
            return source is not None and self.filter.matches(source)
        except InvalidArgument:
            return False

    def _source(self, block: "Block", offset: int) -> FieldSource | None:
        """Raises InvalidArgument."""
        if not block.packed:
            return self.translator.fields(block.format, block.body(offset), 0)
        if self._block is not block:
            self._block, self._sources = block, []
            self._sources = self._opened(block)
        at = offset - block.offset
        return self._sources[at] if at < len(self._sources) else None

    def _opened(self, block: "Block") -> "list[FieldSource | None]":
        format_, bodies = self.translator.open_batch(block.format, block.body(block.offset))
        return [self.translator.fields(format_, body, 0) for body in block.spread(bodies)]
