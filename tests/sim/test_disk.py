"""The simulated disk does what it says, or every simulation on it proves nothing."""

import pytest
from tests.sim.disk import SECTOR_BYTES, PowerLost, SimDisk, SimState

from dragoman.ports.disk import DiskFailed, DiskFull
from dragoman.ports.storage import Failed, Full

SEEDS = range(60)


def after_crash(seed: int, *, sync: bool) -> SimDisk:
    disk = SimDisk(seed)
    file = disk.open("f", create=True)
    disk.sync_names()
    file.write(0, [b"a" * (4 * SECTOR_BYTES)])
    file.sync()
    file.write(0, [b"b" * (4 * SECTOR_BYTES)])
    if sync:
        file.sync()
    return disk.crash()


def test_what_was_synced_survives() -> None:
    for seed in SEEDS:
        assert after_crash(seed, sync=True).open("f").read(0, 9999) == b"b" * 4 * SECTOR_BYTES


def test_unsynced_sectors_survive_each_by_itself() -> None:
    seen = set()
    for seed in SEEDS:
        content = after_crash(seed, sync=False).open("f").read(0, 9999)
        sectors = [content[at : at + SECTOR_BYTES] for at in range(0, len(content), SECTOR_BYTES)]
        assert all(
            len(set(sector)) == 1 for sector in sectors
        )  # torn between sectors, never inside
        seen.add("".join(chr(sector[0]) for sector in sectors))
    assert {"aaaa", "bbbb", "abab"} <= seen
    assert len(seen) == 16


def test_an_older_unsynced_version_of_a_sector_may_be_the_one_that_survives() -> None:
    seen = set()
    for seed in SEEDS:
        disk = SimDisk(seed)
        file = disk.open("f", create=True)
        file.write(0, [b"0"])
        file.sync()
        disk.sync_names()
        for version in (b"1", b"2"):
            file.write(0, [version])
        seen.add(disk.crash().open("f").read(0, 1))
    assert seen == {b"0", b"1", b"2"}


def test_unsynced_names_and_sizes_survive_or_not() -> None:
    names, sizes = set(), set()
    for seed in SEEDS:
        disk = SimDisk(seed)
        old = disk.open("old", create=True)
        disk.sync_names()
        old.allocate(1000)
        disk.rename("old", "new")
        disk.open("made", create=True)
        after = disk.crash()
        names.add(tuple(after.names()))
        sizes.add(after.open(after.names()[-1]).size())
    assert names == {("old",), ("new",), ("made", "old"), ("made", "new")}
    assert sizes == {0, 1000}


def test_a_killed_process_loses_nothing_and_the_power_may_still_go() -> None:
    seen = set()
    for seed in SEEDS:
        disk = SimDisk(seed)
        disk.open("f", create=True).write(0, [b"x"])
        killed = disk.kill()
        assert killed.open("f").read(0, 1) == b"x"
        with pytest.raises(PowerLost):
            disk.names()
        seen.add(tuple(killed.crash().names()))
    assert seen == {(), ("f",)}


def test_a_failed_sync_leaves_lies_that_a_later_sync_does_not_mend() -> None:
    lost = 0
    for seed in SEEDS:
        disk = SimDisk(seed)
        file = disk.open("f", create=True)
        disk.sync_names()
        file.write(0, [b"x"])
        disk.faults.fail_sync_at = 1
        with pytest.raises(DiskFailed):
            file.sync()
        assert file.read(0, 1) == b"x"
        file.sync()
        lost += disk.crash().open("f").read(0, 1) != b"x"
    assert 0 < lost < len(SEEDS)


def test_a_budget_makes_the_disk_full() -> None:
    disk = SimDisk(1)
    disk.faults.budget_bytes = 100
    file = disk.open("f", create=True)
    file.write(0, [b"x" * 60])
    assert disk.free_bytes() == 40
    with pytest.raises(DiskFull):
        file.write(60, [b"y" * 60])
    with pytest.raises(DiskFull):
        file.allocate(101)
    file.write(0, [b"z" * 60])


def test_faults_strike_at_the_call_they_are_set_for() -> None:
    disk = SimDisk(1)
    file = disk.open("f", create=True)
    disk.faults.fail_write_at, disk.faults.fail_read_at = 2, 1
    file.write(0, [b"x"])
    with pytest.raises(DiskFailed):
        file.write(0, [b"x"])
    with pytest.raises(DiskFailed):
        file.read(0, 1)
    disk.faults.power_lost_at = 2
    file.write(0, [b"x"])
    with pytest.raises(PowerLost):
        file.sync()
    with pytest.raises(PowerLost):
        file.read(0, 1)


def test_the_same_seed_gives_the_same_bytes() -> None:
    for seed in range(5):
        prints = {after_crash(seed, sync=False).fingerprint() for _ in range(3)}
        assert len(prints) == 1


def test_a_simulated_commit_is_whole_or_absent() -> None:
    state = SimState()
    state.commit([("t", "a", b"1")])
    state.power_lost_before = 1
    with pytest.raises(PowerLost):
        state.commit([("t", "b", b"2")])
    with pytest.raises(PowerLost):
        state.get("t", "a")
    state = state.crash()
    assert dict(state.scan("t")) == {"a": b"1"}
    state.power_lost_after = 2
    state.commit([("t", "c", b"3")])
    with pytest.raises(PowerLost):
        state.commit([("t", "d", b"4"), ("t", "a", None)])
    assert dict(state.crash().scan("t")) == {"c": b"3", "d": b"4"}


def test_a_simulated_store_fills_and_fails_on_demand() -> None:
    state = SimState()
    state.full_at, state.fail_at = 1, 2
    with pytest.raises(Full):
        state.commit([("t", "a", b"1")])
    state.commit([("t", "a", b"1")])
    with pytest.raises(Failed):
        state.commit([("t", "b", b"1")])
    with pytest.raises(Failed):
        state.get("t", "a")
