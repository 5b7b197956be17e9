"""The mark: a small file beside the journal's files that remembers what frames alone cannot.

    offset 0      slot A  | "DRGM" | version | 0 | sequence | log id |
                          | trimmed | synced_to | opened_at | incarnation | crc |
    offset 4096   slot B  the same again

Both slots are written, each with its own sync, the one that tells less first: a torn write leaves
the other slot, and once a write is over either slot alone tells the truth, so rot in one of them is harmless.

`synced_to`, like in a frame, is a position known durable: it turns the loss of whole files into a
refusal instead of a shorter log. `opened_at` is where the tail was when `incarnation` opened the
log: frames past it are that incarnation's or they are stale. (The sectors of a frame that was torn
and cut may survive beside a new frame's until, together, they are the old frame again, valid in
every byte.)
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Final

from google_crc32c import value as crc32c

from dragoman.ports.disk import Disk, File
from dragoman.ports.entropy import Entropy
from dragoman.ports.storage import Corrupt, VersionUnknown

MARK_NAME: Final = "journal-mark"
MAGIC: Final = b"DRGM"
VERSION: Final = 1
SLOT: Final = Struct("<4sHHQQQQQI")
CRC: Final = Struct("<I")
SLOT_BYTES: Final = SLOT.size + CRC.size
SLOT_OFFSETS: Final = (0, 4096)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What the last owner left behind."""

    sequence: int
    log_id: int
    trimmed: int
    synced_to: int
    opened_at: int
    incarnation: int


def encode(mark: Mark) -> bytes:
    """One slot."""
    body = SLOT.pack(
        MAGIC,
        VERSION,
        0,
        mark.sequence,
        mark.log_id,
        mark.trimmed,
        mark.synced_to,
        mark.opened_at,
        mark.incarnation,
    )
    return body + CRC.pack(crc32c(body))


def decode(slot: bytes) -> Mark | None:
    """The mark in `slot`, or None where its bytes are not those of one. Raises VersionUnknown."""
    if len(slot) != SLOT_BYTES or slot[-CRC.size :] != CRC.pack(crc32c(slot[: -CRC.size])):
        return None
    fields = SLOT.unpack_from(slot)
    magic, version, _, sequence, log_id, trimmed, synced_to, opened_at, incarnation = fields
    if magic != MAGIC:
        return None
    if version != VERSION:
        raise VersionUnknown(f"{MARK_NAME} has version {version}; this release knows {VERSION}")
    return Mark(
        sequence=sequence,
        log_id=log_id,
        trimmed=trimmed,
        synced_to=synced_to,
        opened_at=opened_at,
        incarnation=incarnation,
    )


class MarkFile:
    """The mark's file, open. `mark` is the newest that one of its slots holds."""

    def __init__(self, file: File, mark: Mark, slots: Sequence[int] = SLOT_OFFSETS) -> None:
        """`slots`: their offsets, the one that may be lost first."""
        self._file = file
        self._slots = deque(slots)
        self.mark = mark

    def open_at(self, position: int, *, trimmed: int, incarnation: int) -> None:
        """A new owner begins behind `position`.

        Durable when it returns. Raises DiskFull, DiskFailed.
        """
        assert incarnation > self.mark.incarnation
        self._write(
            replace(
                self.mark,
                trimmed=trimmed,
                synced_to=position,
                opened_at=position,
                incarnation=incarnation,
            )
        )

    def advance(self, *, trimmed: int, synced_to: int) -> None:
        """The same owner got on. Durable when it returns. Raises DiskFull, DiskFailed."""
        assert self.mark.trimmed <= trimmed <= synced_to
        self._write(replace(self.mark, trimmed=trimmed, synced_to=synced_to))

    def close(self) -> None:
        """Close the file; what was written stays durable."""
        self._file.close()

    def _write(self, mark: Mark) -> None:
        mark = replace(mark, sequence=self.mark.sequence + 1)
        slot = encode(mark)
        for _ in SLOT_OFFSETS:
            self._file.write(self._slots[0], [slot])
            self._file.sync()
            self._slots.rotate()  # not after a refused write: then the same one is torn, and next
        self.mark = mark


def open_mark(disk: Disk, entropy: Entropy, *, frames_exist: bool, log_id: int | None) -> MarkFile:
    """The mark of this log, made if the log is new.

    `log_id` stands in for a mark that is lost (salvage); without it, frames without a mark raise
    Corrupt. A mark is durable before the first file of frames is made, so its absence beside frames
    is damage, never a crash.
    """
    existing = _existing(disk)
    if existing is not None:
        return existing
    if frames_exist and log_id is None:
        raise Corrupt(f"{MARK_NAME} is missing or damaged in both slots, and frames exist")
    if log_id is None:
        log_id = int.from_bytes(entropy.token(8), "little")
    mark = Mark(sequence=0, log_id=log_id, trimmed=0, synced_to=0, opened_at=0, incarnation=0)
    file = disk.open(MARK_NAME, create=True)
    disk.sync_names()
    return MarkFile(file, mark)


def _existing(disk: Disk) -> MarkFile | None:
    if MARK_NAME not in disk.names():
        return None
    file = disk.open(MARK_NAME)
    found = [(decode(file.read(offset, SLOT_BYTES)), offset) for offset in SLOT_OFFSETS]
    sound = sorted((mark.sequence, offset, mark) for mark, offset in found if mark is not None)
    if not sound:
        file.close()
        return None
    lost = [offset for mark, offset in found if mark is None]
    return MarkFile(file, sound[-1][2], [*lost, *(offset for _, offset, _ in sound)])
