"""`LogStore` in memory: a list of payloads, `_frames[0]` being position `_trimmed + 1`."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import final

from dragoman.ports.storage import Corrupt, Failed, Fenced, Tail


@final
class MemoryLog:
    """A log whose frames are as durable as the process."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._trimmed = 0
        self._incarnation = 0
        self._open = False

    def open(self) -> Tail:
        """See `LogStore.open`."""
        self._incarnation += 1
        self._open = True
        return Tail(self._position, self._trimmed, self._incarnation)

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        """See `LogStore.append`."""
        self._check_open()
        if expected != self._position:
            raise Fenced(f"the tail is {self._position}, not {expected}")
        self._frames.append(b"".join(buffers))
        return self._position

    def sync(self) -> int:
        """See `LogStore.sync`."""
        self._check_open()
        return self._position

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """See `LogStore.read`."""
        self._check_open()
        if position <= self._trimmed:
            raise Corrupt(f"frames {position} to {self._trimmed} are trimmed")
        frames = list(islice(self._frames, position - self._trimmed - 1, None))
        return iter(list(enumerate(frames, position)))

    def trim(self, position: int) -> None:
        """See `LogStore.trim`."""
        self._check_open()
        while self._trimmed < position and self._frames:
            self._frames.popleft()
            self._trimmed += 1

    def close(self) -> None:
        """Refuse every call until it is opened again."""
        self._open = False

    @property
    def _position(self) -> int:
        return self._trimmed + len(self._frames)

    def _check_open(self) -> None:
        if not self._open:
            raise Failed("the log is not open")
