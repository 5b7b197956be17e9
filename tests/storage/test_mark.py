"""The mark is never without a slot that tells the truth."""

import itertools

import pytest
from tests.sim.disk import PowerLost, SeededEntropy, SimDisk

from dragoman.ports.disk import DiskFull
from dragoman.storage.journal.mark import MARK_NAME, SLOT_OFFSETS, MarkFile, open_mark


def opened(disk: SimDisk) -> MarkFile:
    return open_mark(disk, SeededEntropy.from_seed(1), frames_exist=True, log_id=1)


def made(seed: int) -> SimDisk:
    disk = SimDisk(seed)
    opened(disk).open_at(5, trimmed=0, incarnation=1)
    return disk


def test_a_mark_reads_back_what_was_written() -> None:
    disk = made(1)
    mark = opened(disk)
    mark.advance(trimmed=3, synced_to=9)
    again = opened(disk.crash()).mark
    assert again == mark.mark
    assert (again.trimmed, again.synced_to, again.opened_at, again.incarnation) == (3, 9, 5, 1)


def test_interrupted_writes_one_after_the_other_leave_the_old_mark_or_a_new_one() -> None:
    for seed, lost_at, full_at in itertools.product(range(20), (1, 2, 3, 4), (1, 2)):
        disk = made(seed)
        disk.faults.power_lost_at = lost_at
        with pytest.raises(PowerLost):
            opened(disk).advance(trimmed=1, synced_to=6)
        disk = disk.crash()
        before = opened(disk).mark.synced_to
        disk.faults.full_write_at = full_at
        with pytest.raises(DiskFull):
            opened(disk).advance(trimmed=1, synced_to=7)
        disk = disk.crash()
        assert before in {5, 6}
        assert opened(disk).mark.synced_to in {before, 7}


def test_a_refused_write_is_repeated_on_the_slot_it_tore() -> None:
    disk = made(1)
    mark = opened(disk)
    for _ in range(5):
        disk.faults.full_write_at = 1
        with pytest.raises(DiskFull):
            mark.advance(trimmed=1, synced_to=8)
    assert opened(disk.kill()).mark.synced_to == 5


@pytest.mark.parametrize("slot", SLOT_OFFSETS)
def test_either_slot_alone_is_enough(slot: int) -> None:
    disk = made(1)
    disk.flip_bit(MARK_NAME, (slot + 30) * 8)
    assert opened(disk).mark.synced_to == 5
