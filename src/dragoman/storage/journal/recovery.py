"""What an opener finds: where the log ends, and whether what is missing ever was durable.

    ... | good | good | bad ??? | maybe more frames | zeros or stale frames
                        ^ position p belongs here

`s` is the largest position known durable: by the mark, by every good frame, and by every valid
frame found *behind* the bad one (it was written later and may know more). Then, and only then:

    p >  s   the torn tail: nothing past p - 1 was ever promised. Cut: it is overwritten in time,
             and its frames cannot come back, as the next owner's mark says that from here on only
             its own incarnation counts.
    p <= s   rot: a promise is broken. Refuse and name the range; or, asked to salvage, go on
             behind it and report.

A break in any file but the last is rot: a file is synced before the next one begins.

Good frames past `s` are *unproved*: after a failed sync the system may show what the device never
got, and count it as clean. An opener writes them again before it syncs, so that what it builds on
is really there.
"""

from collections import deque
from dataclasses import dataclass
from typing import final

from dragoman.ports.disk import Disk
from dragoman.ports.storage import Corrupt
from dragoman.storage.journal.files import file_name
from dragoman.storage.journal.frame import HEADER, HEADER_BYTES, MAGIC, Frame
from dragoman.storage.journal.mark import Mark
from dragoman.storage.journal.reader import FrameReader
from dragoman.storage.journal.walk import Walk


@dataclass(frozen=True, slots=True)
class Damage:
    """Frames [position_start, position_end) are lost; they should be at `offset` of `file`."""

    file: str
    offset: int
    position_start: int
    position_end: int

    def __str__(self) -> str:
        return (
            f"frames {self.position_start} to {self.position_end - 1} "
            f"were durable and cannot be read "
            f"({self.file}, from byte {self.offset})"
        )


class Rot(Corrupt):
    """Durable frames have changed or are missing; `damage` names the first range."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(str(damage))
        self.damage = damage


@dataclass(frozen=True, slots=True)
class Found:
    """The log as it is: its last frame, and what salvage left out.

    Offsets are of the last file: where the next frame goes, where the first unproved one is.
    """

    position: int
    incarnation: int
    digest: bytes | None
    offset: int
    offset_unproved: int
    skipped: tuple[Damage, ...]


@final
class Recovery:
    """One opener's look at the files. Changes nothing."""

    def __init__(
        self, disk: Disk, firsts: list[int], mark: Mark, *, trimmed: int, salvage: bool
    ) -> None:
        self._disk = disk
        self._firsts = firsts
        self._mark = mark
        self._trimmed = trimmed
        self._synced_to = mark.synced_to
        self._salvage = salvage
        self._unproved: deque[tuple[int, int]] = (
            deque()
        )  # (position, offset), all in the file in hand
        self._skipped: list[Damage] = []

    def run(self) -> Found:
        """Walk to the end. Raises Rot unless salvaging, DiskFailed."""
        if not self._firsts:
            return self._without_files()
        if self._firsts[0] > self._trimmed + 1:
            self._lost(file_name(self._firsts[0]), 0, self._trimmed + 1, self._firsts[0])
        walk = Walk(self._disk, self._firsts, self._mark)
        try:
            self._walk(walk)
            return self._found(walk.position, walk.incarnation, walk.digest, walk.offset)
        finally:
            walk.close()

    def _walk(self, walk: Walk) -> None:
        while True:
            frame = walk.step()
            if frame is not None:
                self._note(frame)
            elif not self._past_break(walk):
                return

    def _note(self, frame: Frame) -> None:
        if frame.offset == 0:
            self._unproved.clear()
        self._unproved.append((frame.position, frame.offset))
        self._synced_to = max(self._synced_to, frame.synced_to)
        while self._unproved and self._unproved[0][0] <= self._synced_to:
            self._unproved.popleft()

    def _past_break(self, walk: Walk) -> bool:
        """Judge the place where nothing follows. True if salvage found a way on."""
        behind = self._survey(walk)
        expected = walk.position + 1
        if not walk.in_last_file:
            end = walk.firsts[walk.index + 1]
        elif expected <= self._synced_to:
            end = self._synced_to + 1
        else:
            return False
        if behind is not None and behind.position < end:
            self._lost(walk.file_name, walk.offset, expected, behind.position)
            walk.resume_at(behind)
            return True
        self._lost(walk.file_name, walk.offset, expected, end)
        walk.resume_behind(end - 1)
        if walk.in_last_file:
            return False
        walk.enter(walk.index + 1)
        return True

    def _survey(self, walk: Walk) -> Frame | None:
        """Learn from the valid frames behind the break; the first that may be of this chain.

        A frame at the very position that is missing is none of them: it is there and does not follow.
        """
        first: Frame | None = None
        for frame in walk.reader.frames_from(walk.offset, walk.position + 2):
            self._synced_to = max(self._synced_to, frame.synced_to)
            if first is None and frame.incarnation >= walk.incarnation_min(frame.position):
                first = frame
        return first

    def _without_files(self) -> Found:
        if self._synced_to > self._trimmed:
            self._lost("no file", 0, self._trimmed + 1, self._synced_to + 1)
        return self._found(max(self._trimmed, self._synced_to), 0, None, 0)

    def _lost(self, file: str, offset: int, start: int, end: int) -> None:
        damage = Damage(file, offset, start, end)
        if not self._salvage:
            raise Rot(damage)
        self._skipped.append(damage)

    def _found(self, position: int, incarnation: int, digest: bytes | None, offset: int) -> Found:
        in_file = [at for _, at in self._unproved if at < offset]
        return Found(
            position,
            incarnation,
            digest,
            offset,
            min(in_file, default=offset),
            tuple(self._skipped),
        )


def guess_log_id(disk: Disk, firsts: list[int]) -> int | None:
    """The log id in the first sound frame at the head of a file: for salvage without a mark."""
    for first in firsts:
        file = disk.open(file_name(first))
        header = file.read(0, HEADER_BYTES)
        if len(header) == HEADER_BYTES and header[:4] == MAGIC:
            log_id: int = HEADER.unpack(header)[3]
            if FrameReader(file, log_id).frame_at(0) is not None:
                file.close()
                return log_id
        file.close()
    return None
