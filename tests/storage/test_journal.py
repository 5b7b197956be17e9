"""The journal's own promises beyond the port: full disks, failures, the reserve, recycling."""

import pytest
from tests.sim.disk import SeededEntropy, SimDisk

from dragoman.ports.storage import Failed, Full, Tail
from dragoman.storage.journal import Journal

FILE_BYTES = 4096


def made(disk: SimDisk, *, reserve_bytes: int = 0) -> Journal:
    return Journal(
        disk, SeededEntropy.from_seed(1), file_bytes=FILE_BYTES, reserve_bytes=reserve_bytes
    )


def fill(journal: Journal, size: int = 500) -> int:
    """Append until the disk is full; the position of the last frame."""
    while True:
        try:
            journal.append(journal.position, [bytes(size)])
        except Full:
            return journal.position


def test_a_full_disk_refuses_and_keeps_what_it_has() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    disk.faults.budget_bytes = 5 * FILE_BYTES
    last = fill(journal)
    assert last > 10
    assert journal.sync() == last
    with pytest.raises(Full):
        journal.append(last, [bytes(500)])
    assert len(list(journal.read(1))) == last
    disk.faults.budget_bytes = None
    assert journal.append(last, [b"room again"]) == last + 1
    journal.close()
    assert made(disk).open().position == last + 1


def test_a_smaller_frame_may_still_fit_where_a_larger_was_refused() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    journal.append(0, [b"first"])
    disk.faults.budget_bytes = 3 * FILE_BYTES
    with pytest.raises(Full):
        journal.append(1, [bytes(2 * FILE_BYTES)])
    assert journal.append(1, [b"small"]) == 2
    journal.close()
    after = made(disk.crash())
    after.open()
    assert list(after.read(1)) == [(1, b"first"), (2, b"small")]


def test_a_refused_frame_does_not_come_back_after_a_crash() -> None:
    for seed in range(20):
        disk = SimDisk(seed)
        journal = made(disk)
        journal.open()
        journal.append(0, [b"kept"])
        journal.sync()
        disk.faults.full_write_at = 1  # a file system that promised the space and has it not
        with pytest.raises(Full):
            journal.append(1, [bytes(600)])  # what was not written of it is there already: zeros
        assert made(disk.kill()).open().position == 1


def test_the_reserve_lets_settlements_go_on_when_the_disk_is_full() -> None:
    disk = SimDisk(1)
    journal = made(disk, reserve_bytes=2 * FILE_BYTES)
    journal.open()
    assert journal.reserve_held
    disk.faults.budget_bytes = 8 * FILE_BYTES
    last = fill(journal)
    journal.release_reserve()
    assert not journal.reserve_held
    assert journal.append(last, [bytes(500)]) == last + 1
    last = fill(journal)
    with pytest.raises(Full):
        journal.restore_reserve()
    assert not journal.reserve_held
    journal.sync()
    journal.trim(last)
    disk.faults.budget_bytes = None
    journal.restore_reserve()
    assert journal.reserve_held


def test_a_log_opens_on_a_full_disk_without_its_reserve() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    disk.faults.budget_bytes = 4 * FILE_BYTES
    last = fill(journal)
    journal.close()
    after = made(disk, reserve_bytes=FILE_BYTES)
    assert after.open() == Tail(position=last, trimmed=0, incarnation=2)
    assert not after.reserve_held


def append_and_sync(journal: Journal) -> None:
    journal.append(journal.position, [b"y"])
    journal.sync()


@pytest.mark.parametrize("fault", ["fail_sync_at", "fail_write_at"])
def test_after_a_failure_every_later_call_fails(fault: str) -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    journal.append(0, [b"x"])
    journal.sync()
    setattr(disk.faults, fault, 1)
    with pytest.raises(Failed):
        append_and_sync(journal)
    for call in (
        lambda: journal.append(journal.position, [b"z"]),
        journal.sync,
        lambda: journal.read(1),
        lambda: journal.trim(1),
        journal.release_reserve,
    ):
        with pytest.raises(Failed, match="before"):
            call()
    journal.close()


def test_a_failed_read_fails_the_journal() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    journal.append(0, [b"x"])
    disk.faults.fail_read_at = 1
    with pytest.raises(Failed):
        list(journal.read(1))
    with pytest.raises(Failed):
        journal.sync()


def test_what_a_failed_sync_left_behind_is_written_again_before_it_is_believed() -> None:
    for seed in range(50):
        disk = SimDisk(seed)
        journal = made(disk)
        journal.open()
        for position in range(5):
            journal.append(position, [bytes([position]) * 300])
        disk.faults.fail_sync_at = 1
        with pytest.raises(Failed):
            journal.sync()
        restarted = made(disk.kill())  # the cache still shows all five, and counts them as clean
        assert restarted.open().position == 5
        assert made(restarted._disk.crash()).open().position == 5  # type: ignore[attr-defined]


def test_a_frame_larger_than_a_file_gets_its_own() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    for position, size in enumerate((10, 3 * FILE_BYTES, 10, FILE_BYTES)):
        journal.append(position, [bytes(size)])
    journal.close()
    after = made(disk.crash())
    assert after.open().position == 4
    assert [len(payload) for _, payload in after.read(1)] == [10, 3 * FILE_BYTES, 10, FILE_BYTES]


def test_files_are_used_again_and_no_more_than_needed_are_kept() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    for position in range(300):
        journal.append(position, [bytes(400)])
        journal.sync()
        journal.trim(position)
        assert len(disk.names()) <= 5  # the mark, two files, two spares


def test_one_append_is_one_write_and_one_sync() -> None:
    disk = SimDisk(1)
    journal = made(disk)
    journal.open()
    journal.append(0, [b"x"])
    journal.sync()
    disk.faults.power_lost_at = 3
    journal.append(1, [b"y"] * 50)
    journal.sync()
    journal.sync()
    assert disk.faults.power_lost_at == 1
