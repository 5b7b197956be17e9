"""The chain: which frame follows which, through the files.

    journal-...001            journal-...104            journal-...207
    | 1 | 2 | ... | 103 | ~ |  | 104 | ... | 206 | ~ |  | 207 | ... | 240 | ~~~ stale ~~~ |

A file is named by the position of its first frame; a frame never spans two. A frame *follows* when
its position is the next one, its digest that of the frame before, and its incarnation not older
than that one's nor, past the place where the last owner opened the log, than the owner's. Whatever
else lies there (zeros, stale frames of a recycled file, a torn write) ends the chain; what that
means is for `recovery.py` to judge.
"""

from typing import final

from dragoman.ports.disk import Disk
from dragoman.storage.journal.files import file_name
from dragoman.storage.journal.frame import Frame
from dragoman.storage.journal.mark import Mark
from dragoman.storage.journal.reader import FrameReader


@final
class Walk:
    """A walk along the chain.

    `position` is the last frame seen; `index` and `offset` say where the next should be.
    """

    __slots__ = (
        "_disk",
        "_mark",
        "digest",
        "firsts",
        "incarnation",
        "index",
        "offset",
        "position",
        "reader",
    )

    def __init__(self, disk: Disk, firsts: list[int], mark: Mark, index: int = 0) -> None:
        """Start at the head of `firsts[index]`; `firsts` is ascending and not empty."""
        self._disk = disk
        self._mark = mark
        self.firsts = firsts
        self.position = firsts[index] - 1
        self.digest: bytes | None = (
            None  # None: what came before is gone, any predecessor is believed
        )
        self.incarnation = 0
        self.reader = self._reader_of(index)
        self.index = index
        self.offset = 0

    def close(self) -> None:
        """Close the file in hand."""
        self.reader.close()

    @property
    def file_name(self) -> str:
        return file_name(self.firsts[self.index])

    @property
    def in_last_file(self) -> bool:
        return self.index == len(self.firsts) - 1

    def step(self) -> Frame | None:
        """The frame that follows, or None where the chain ends or breaks. Raises DiskFailed."""
        frame = self.reader.frame_at(self.offset)
        if frame is None or not self._follows(frame):
            if self.in_last_file or self.firsts[self.index + 1] != self.position + 1:
                return None
            self.enter(self.index + 1)
            frame = self.reader.frame_at(0)
            if frame is None or not self._follows(frame):
                return None
        self._take(frame)
        return frame

    def enter(self, index: int) -> None:
        """Go to the head of file `index`."""
        reader = self._reader_of(index)
        self.reader.close()
        self.reader = reader
        self.index = index
        self.offset = 0

    def resume_at(self, frame: Frame) -> None:
        """Salvage: stand right before `frame` of the file in hand, whatever lies between."""
        assert frame.position > self.position
        self.offset = frame.offset
        self.resume_behind(frame.position - 1)

    def resume_behind(self, position: int) -> None:
        """Salvage: everything up to `position` is gone; believe what comes next."""
        self.position = position
        self.digest = None

    def incarnation_min(self, position: int) -> int:
        """No frame at `position` can be older than this."""
        if position <= self._mark.opened_at:
            return self.incarnation
        return max(self.incarnation, self._mark.incarnation)

    def _follows(self, frame: Frame) -> bool:
        return (
            frame.position == self.position + 1
            and frame.incarnation >= self.incarnation_min(frame.position)
            and (self.digest is None or frame.digest_before == self.digest)
        )

    def _take(self, frame: Frame) -> None:
        self.position = frame.position
        self.digest = frame.digest
        self.incarnation = frame.incarnation
        self.offset = frame.offset + frame.size_bytes

    def _reader_of(self, index: int) -> FrameReader:
        return FrameReader(self._disk.open(file_name(self.firsts[index])), self._mark.log_id)
