"""The reader's thread: takes batches while there is room, and settles those that came back as written.

    Feed ──batches──> loop ──settled──> Feed          at most ROOM_BATCHES are under way: that is the buffer

A batch is fewer messages where they are large, so that what is under way is some MiB whatever they are. The client of
the reader is called from this thread alone, and often enough to keep its connection alive.
"""

from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from dragoman.cli.copying.ends import Reader, Taken
from dragoman.ports.clock import Clock

ROOM_BATCHES: Final = 2
BATCH_BYTES_MAX: Final = 4 << 20  # as far as the batch before foretells
READ_WAIT_S: Final = 0.2
LEAVE_WAIT_S: Final = 30.0  # for a client that is in the middle of something

Batch = list[Taken]


class Feed:
    """See the module. Iterate over it; `settle` each batch; `stop` it in any case."""

    def __init__(
        self,
        reader: Reader,
        clock: Clock,
        *,
        batch_max: int,
        limit: int | None = None,
        idle_ms: int | None = None,
    ) -> None:
        """Ends after `limit` messages, when the reader is done, or after `idle_ms` of silence; None is for ever."""
        self._reader = reader
        self._clock = clock
        self._batch_max = batch_max
        self._left = limit
        self._idle_ms = idle_ms
        self._full: SimpleQueue[Batch | None] = SimpleQueue()
        self._done: SimpleQueue[Batch] = SimpleQueue()
        self._under_way = 0  # batches
        self._size = 1  # mean bytes of a message of the last batch
        self._stopping = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def next(self) -> Batch | None:
        """The next batch; None when there is no more. Raises what the reader raised."""
        batch = self._full.get()
        if batch is None and self._error is not None:
            raise self._error
        return batch

    def settle(self, batch: Batch) -> None:
        """It is written; the reader's thread tells its broker."""
        self._done.put(batch)

    def stop(self) -> None:
        """Settle what was given back, and close the reader. Raises what the reader raised meanwhile."""
        self._stopping.set()
        self._thread.join(LEAVE_WAIT_S)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            try:
                self._read_all()
                while self._under_way and not self._stopping.is_set():
                    self._rest()
                self._settle_done()
            finally:
                self._reader.close()
        except BaseException as error:  # noqa: BLE001 - for the thread that asks
            self._error = error
        self._full.put(None)

    def _read_all(self) -> None:
        heard_ms = self._clock.elapsed_ms()
        while not self._stopping.is_set() and self._left != 0:
            self._settle_done()
            if self._under_way >= ROOM_BATCHES:
                self._rest()
                heard_ms = self._clock.elapsed_ms()
                continue
            batch = self._reader.read(self._room(), READ_WAIT_S)
            if batch:
                heard_ms = self._clock.elapsed_ms()
                self._hand_on(batch)
            elif self._idle_ms is not None and (
                self._reader.is_done or self._clock.elapsed_ms() - heard_ms >= self._idle_ms
            ):
                break
        self._full.put(None)

    def _room(self) -> int:
        room = max(1, min(self._batch_max, BATCH_BYTES_MAX // self._size))
        return room if self._left is None else min(room, self._left)

    def _hand_on(self, batch: Batch) -> None:
        self._size = max(1, sum(len(taken.entry.data) for taken in batch) // len(batch))
        self._under_way += 1
        if self._left is not None:
            self._left -= len(batch)
        self._full.put(batch)

    def _rest(self) -> None:
        """Wait for a batch to come back, a connection kept alive."""
        try:
            batch = self._done.get(timeout=READ_WAIT_S)
        except Empty:
            self._reader.read(0, 0.0)
            return
        self._settle(batch)

    def _settle_done(self) -> None:
        while not self._done.empty():
            self._settle(self._done.get())

    def _settle(self, batch: Batch) -> None:
        self._under_way -= 1
        self._reader.settle(batch)
