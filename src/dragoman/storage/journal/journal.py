"""The journal: one shard's `LogStore` over a `Disk`. Hot: one append and one sync per group commit.

    append ----> file.write at `_offset`        written: survives the process
    sync   ----> file.sync                      durable: survives the power; later frames tell
    open   ----> recovery, then the mark with incarnation + 1, durable before it returns

Invariants, beside the fields that hold them:
    _synced_to <= _position                     what is durable is a prefix of what was written
    files.firsts[-1] <= _position + 1           the next frame goes into the last file or begins one
    every file but the last is synced           so the torn tail lies in one file

One thread calls append, sync, trim and close, one call at a time. It does not know what payloads
mean, nor when to sync.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final, final

from dragoman.ports.disk import Disk, DiskFull, File
from dragoman.ports.entropy import Entropy
from dragoman.ports.storage import Corrupt, Failed, Fenced, Full, Tail
from dragoman.storage.guard import Guard
from dragoman.storage.journal.files import (
    FILE_BYTES_DEFAULT,
    SPARES_MAX_DEFAULT,
    Files,
    Reserve,
    file_name,
)
from dragoman.storage.journal.frame import DIGEST_NONE, HEADER_BYTES, encode
from dragoman.storage.journal.mark import MarkFile, open_mark
from dragoman.storage.journal.reader import READ_AHEAD_BYTES
from dragoman.storage.journal.recovery import Damage, Found, Recovery, Rot, guess_log_id
from dragoman.storage.journal.walk import Walk

INCARNATION_LEAP: Final = 1000
"""Added where salvage has no mark: no frame remembers openers that never appended."""


@final
class Journal:
    """A `LogStore`. One object is opened once; open another to go on after `close` or Failed."""

    def __init__(
        self,
        disk: Disk,
        entropy: Entropy,
        *,
        file_bytes: int = FILE_BYTES_DEFAULT,
        spares_max: int = SPARES_MAX_DEFAULT,
        reserve_bytes: int = 0,
        salvage: bool = False,
    ) -> None:
        """`reserve_bytes`: held back on the disk until `release_reserve`.

        `salvage`: go on past rot; see `skipped`.
        """
        self._disk = disk
        self._entropy = entropy
        self._file_bytes = file_bytes
        self._spares_max = spares_max
        self._reserve = Reserve(disk, reserve_bytes)
        self._salvage = salvage
        self._guard = Guard("the journal")
        self._files: Files | None = None
        self._mark: MarkFile | None = None
        self._file: File | None = None
        self._capacity_bytes = 0
        self._offset = 0
        self._position = 0
        self._synced_to = 0
        self._trimmed = 0
        self._incarnation = 0
        self._log_id = 0
        self._digest = DIGEST_NONE
        self.skipped: tuple[Damage, ...] = ()
        """What salvage went past, exactly; empty in a sound log. Gone once trimmed."""

    def open(self) -> Tail:
        """See `LogStore.open`.

        Raises Rot (a Corrupt) naming the range, VersionUnknown, Full, Failed.
        """
        assert self._files is None, "a journal is opened once"
        with self._guard:
            files = Files(self._disk, file_bytes=self._file_bytes, spares_max=self._spares_max)
            self._mark, mark_lost = self._open_mark(files)
            mark = self._mark.mark
            self._log_id = mark.log_id
            self._trimmed = files.firsts[0] - 1 if mark_lost and files.firsts else mark.trimmed
            found = Recovery(
                self._disk,
                files.needed_past(self._trimmed),
                mark,
                trimmed=self._trimmed,
                salvage=self._salvage,
            ).run()
            self._take_over(found, files)
            leap = INCARNATION_LEAP if mark_lost else 1
            self._incarnation = max(mark.incarnation, found.incarnation) + leap
            self._mark.open_at(self._position, trimmed=self._trimmed, incarnation=self._incarnation)
            files.drop_through(
                self._trimmed
            )  # behind the mark: a failed trim may have left one not durable
            files.tidy_spares()
            self._files = files
        self._try_restore_reserve()
        return Tail(self._position, self._trimmed, self._incarnation)

    @property
    def position(self) -> int:
        """The last frame written."""
        return self._position

    @property
    def synced_to(self) -> int:
        """The last frame known durable."""
        return self._synced_to

    @property
    def reserve_held(self) -> bool:
        """Whether the reserve is there to be released."""
        return self._reserve.held

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        """See `LogStore.append`.

        One write call. Raises ValueError for a frame past PAYLOAD_BYTES_MAX.
        """
        self._check_open()
        if expected != self._position:
            raise Fenced(f"the tail is {self._position}, not {expected}")
        frame = encode(
            self._log_id,
            expected + 1,
            self._synced_to,
            self._incarnation,
            self._digest,
            buffers,
        )
        with self._guard:
            file = self._file
            if file is None or self._offset + frame.size_bytes > self._capacity_bytes:
                file = self._begin_file(frame.size_bytes)
            self._write(file, frame.buffers)
        self._offset += frame.size_bytes
        self._digest = frame.digest
        self._position += 1
        return self._position

    def sync(self) -> int:
        """See `LogStore.sync`. One fdatasync when anything was appended since the last."""
        self._check_open()
        position: int = self._position
        if self._file is not None and position > self._synced_to:
            with self._guard:
                self._file.sync()
        self._synced_to = position
        return position

    def read(self, position: int) -> Iterator[tuple[int, bytes]]:
        """See `LogStore.read`. After a salvage, positions in `skipped` are left out."""
        self._check_open()
        if position <= self._trimmed:
            raise Corrupt(f"frames {position} to {self._trimmed} are trimmed")
        return self._frames(position, self._position)

    def trim(self, position: int) -> None:
        """See `LogStore.trim`. Whole files go; two syncs when any does, none otherwise.

        Raises Full (nothing was trimmed; only where the file system copies on write), Failed.
        """
        files = self._check_open()
        trimmed = files.whole_files_through(position)
        if trimmed <= self._trimmed:
            return
        with self._guard:
            self._write_mark(trimmed)  # first, so that files gone without a word are always damage
            self._trimmed = trimmed
            files.drop_through(trimmed)
        self.skipped = tuple(d for d in self.skipped if d.position_end > trimmed + 1)

    def release_reserve(self) -> None:
        """Give the reserve back to a full disk, so that settlements go on. Raises Failed."""
        self._check_open()
        with self._guard:
            self._reserve.release()

    def restore_reserve(self) -> None:
        """Take the reserve again, once there is room. Raises Full (nothing is taken), Failed."""
        self._check_open()
        with self._guard:
            self._reserve.restore()

    def close(self) -> None:
        """Sync, remember that in the mark, and let go.

        Raises Failed; a second call does nothing.
        """
        if self._files is None:
            return
        try:
            if not self._guard.failed:
                self.sync()
                with contextlib.suppress(Full), self._guard:
                    self._write_mark(self._trimmed)  # only tells more; frames tell enough
        finally:
            self._files = None
            self._guard.close()
            if self._mark is not None:
                self._mark.close()
            if self._file is not None:
                self._file.close()

    def _check_open(self) -> Files:
        self._guard.check()
        if self._files is None:
            raise Failed("the journal is not open")
        return self._files

    def _open_mark(self, files: Files) -> tuple[MarkFile, bool]:
        """The mark, and whether salvage had to do without the old one."""
        guess = guess_log_id(self._disk, files.firsts) if self._salvage else None
        mark = open_mark(self._disk, self._entropy, frames_exist=bool(files.firsts), log_id=guess)
        return mark, bool(files.firsts) and mark.mark.sequence == 0

    def _take_over(self, found: Found, files: Files) -> None:
        """Make what was found durable (a kill leaves it in memory only), and go on from it."""
        self._position = self._synced_to = found.position
        self._digest = DIGEST_NONE if found.digest is None else found.digest
        self.skipped = found.skipped
        if not files.firsts:
            return
        file = self._disk.open(file_name(files.firsts[-1]))
        self._file = file
        self._offset = found.offset
        _write_again(file, found.offset_unproved, found.offset)
        file.sync()
        self._disk.sync_names()
        # Behind damage a new file begins, so that the damaged one can be trimmed as a whole.
        self._capacity_bytes = 0 if found.skipped else max(self._file_bytes, file.size())

    def _write_mark(self, trimmed: int) -> None:
        assert self._mark is not None
        self._mark.advance(trimmed=trimmed, synced_to=self._synced_to)

    def _begin_file(self, frame_bytes: int) -> File:
        """Finish the file in hand and begin the next. Raises DiskFull with everything as it was."""
        assert self._files is not None
        previous = self._file
        if previous is not None and self._files.firsts[-1] == self._position + 1:
            previous.allocate(frame_bytes)  # nothing is in it yet: it can as well be longer
            self._capacity_bytes = frame_bytes
            return previous
        if previous is not None:
            previous.sync()
            self._synced_to = self._position
        file = self._files.begin(self._position + 1, frame_bytes)
        if previous is not None:
            previous.close()
        self._file = file
        self._capacity_bytes = max(self._file_bytes, frame_bytes)
        self._offset = 0
        return file

    def _write(self, file: File, buffers: list[bytes]) -> None:
        try:
            file.write(self._offset, buffers)
        except DiskFull:
            # What was refused must not come back after a crash, whatever part of it was written.
            # The space of a header was allocated when the file began, so this is not refused as
            # well; if it is, we stop.
            try:
                file.write(self._offset, [bytes(HEADER_BYTES)])
                file.sync()
            except DiskFull as error:
                self._guard.fail(str(error))
                raise Failed(f"a refused frame cannot be taken back: {error}") from error
            raise

    def _frames(self, position: int, end: int) -> Iterator[tuple[int, bytes]]:
        files = self._check_open()
        if position > end:
            return
        index = sum(first <= position for first in files.firsts) - 1
        assert self._mark is not None
        walk = Walk(self._disk, list(files.firsts), self._mark.mark, max(index, 0))
        try:
            while walk.position < end:
                with self._guard:
                    frame = walk.step()
                if frame is not None:
                    if frame.position >= position:
                        yield frame.position, frame.payload
                elif not self._skip(walk):
                    expected = walk.position + 1
                    raise Rot(Damage(walk.file_name, walk.offset, expected, expected + 1))
        finally:
            walk.close()

    def _skip(self, walk: Walk) -> bool:
        """Follow the salvaging opener past the damage it reported."""
        for damage in self.skipped:
            if damage.position_start == walk.position + 1:
                self._resume(walk, damage.position_end)
                return True
        return False

    def _resume(self, walk: Walk, position: int) -> None:
        for frame in walk.reader.frames_from(walk.offset, position):
            if frame.position == position:
                walk.resume_at(frame)
                return
        walk.resume_behind(position - 1)
        if not walk.in_last_file:
            walk.enter(walk.index + 1)

    def _try_restore_reserve(self) -> None:
        """A log opens on a full disk too; `reserve_held` says whether there was room."""
        with contextlib.suppress(Full):
            self.restore_reserve()


def _write_again(file: File, start: int, end: int) -> None:
    """Make [start, end) dirty: the next sync then writes what a failed one may have left."""
    for offset in range(start, end, READ_AHEAD_BYTES):
        file.write(offset, [file.read(offset, min(READ_AHEAD_BYTES, end - offset))])
