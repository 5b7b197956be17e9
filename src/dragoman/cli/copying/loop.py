"""The copy itself: read, judge, write, confirm, settle, batch by batch.

What is not confirmed is not settled, so whatever ends a copy early, the next one finds it at the source again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from dragoman.cli.copying.ends import Entry, Reader, Writer
from dragoman.cli.copying.feed import Batch, Feed
from dragoman.cli.copying.pace import Pace
from dragoman.cli.copying.rules import BadMessage, Rules
from dragoman.cli.copying.tally import Tally
from dragoman.cli.errors import CommandError
from dragoman.ports.clock import Clock

DROP: Final = "drop"


@dataclass(slots=True)
class Plan:
    """How to copy. `idle_ms` of silence end it, None follows for ever; `limit` messages do, None is all there are."""

    rules: Rules
    pace: Pace
    limit: int | None = None
    idle_ms: int | None = None
    bad: str = "stop"


class Copy:
    """One copy; without a writer a rehearsal, which shows what would be written. Its reader only looks."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer | None,
        plan: Plan,
        clock: Clock,
        *,
        progressed: Callable[[Tally], None],
        show: Callable[[Entry], None],
        complain: Callable[[str], None],
    ) -> None:
        self.tally = Tally(expected=reader.expected)
        self._reader = reader
        self._writer = writer
        self._plan = plan
        self._clock = clock
        self._progressed = progressed
        self._show = show
        self._complain = complain

    def run(self) -> None:
        """Until it ends by itself. Raises CommandError, KeyboardInterrupt; the tally holds in any case."""
        before = self._writer.count() if self._writer else None
        feed = Feed(
            self._reader,
            self._clock,
            batch_max=self._plan.pace.batch_max,
            limit=self._plan.limit,
            idle_ms=self._plan.idle_ms,
        )
        try:
            while (batch := feed.next()) is not None:
                self._plan.pace.spend(len(batch))
                self._carry(batch)
                feed.settle(batch)
                self._progressed(self.tally)
        finally:
            feed.stop()
            self.tally.expected = self._reader.expected
        after = self._writer.count() if self._writer else None
        if before is not None and after is not None:
            self.tally.arrived = after - before

    def _carry(self, batch: Batch) -> None:
        tally = self.tally
        ready: list[Entry] = []
        for taken in batch:
            if not self._plan.rules.takes(taken.entry):
                tally.filtered += 1
                continue
            try:
                ready.append(self._plan.rules.apply(taken.entry))
            except BadMessage as error:
                self._bad(str(error))
        self._write(ready)
        tally.read += len(batch)

    def _write(self, entries: list[Entry]) -> None:
        if self._writer is None:
            for entry in entries:
                self._show(entry)
            refusals = [""] * len(entries)
        else:
            refusals = self._writer.write(entries) if entries else []
        for entry, refusal in zip(entries, refusals, strict=True):
            if refusal:
                self._bad(f"refused: {refusal}")
            else:
                self.tally.written += 1
                self.tally.bytes += len(entry.data)

    def _bad(self, why: str) -> None:
        """Raises CommandError unless bad messages are dropped."""
        if self._plan.bad != DROP:
            raise CommandError(f"a bad message, {why}; --bad drop goes on without such ones")
        self.tally.dropped += 1
        self._complain(why)
