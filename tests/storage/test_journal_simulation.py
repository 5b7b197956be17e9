"""The journal on a disk that loses, tears and reorders: seeds, and invariants with names.

Each seed is a life: appends, syncs, trims, kills, power cuts (also inside a call, also while
opening), full disks, failed syncs. After every opening the invariants are checked; a seed that
fails replays bit by bit.
"""

import random
from collections.abc import Callable

import pytest
from tests.sim.disk import PowerLost, SeededEntropy, SimDisk

from dragoman.ports.storage import Failed, Full, Tail
from dragoman.storage.journal import Journal

SEEDS = 400
STEPS = 60
FILE_BYTES = 4096
ROOM_BYTES = 10 * FILE_BYTES


class Life:
    """One journal, its disk, and what a reader may rely on.

    `written[p]` is the payload handed in for position p, also where the call did not return;
    `synced` is the largest position whose durability was promised.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.entropy = SeededEntropy.from_seed(seed)
        self.disk = SimDisk(seed)
        self.written: dict[int, bytes] = {}
        self.synced = 0
        self.trimmed = 0
        self.incarnation = 0
        self.journal = self.made()
        self.open()

    def made(self) -> Journal:
        reserve_bytes = self.chance.choice([0, FILE_BYTES])
        return Journal(self.disk, self.entropy, file_bytes=FILE_BYTES, reserve_bytes=reserve_bytes)

    # Steps

    def append(self) -> None:
        sizes = (0, 20, 300, 700, 1_500, 3 * FILE_BYTES)
        size = self.chance.choices(sizes, weights=(1, 6, 6, 4, 2, 1))[0]
        buffers = [self.chance.randbytes(size // 2), bytes(size - size // 2)]
        expected = self.journal.position
        self.written[expected + 1] = b"".join(buffers)
        try:
            self.journal.append(expected, buffers)
        except Full:
            del self.written[expected + 1]

    def sync(self) -> None:
        self.synced = self.journal.sync()

    def trim(self) -> None:
        asked = self.chance.randint(0, self.synced)
        self.trimmed = max(self.trimmed, asked)
        self.journal.trim(asked)

    def close(self) -> None:
        self.journal.close()
        self.synced = self.journal.position
        self.open()

    def kill(self) -> None:
        self.disk = self.disk.kill()
        self.open()

    def crash(self) -> None:
        self.disk = self.disk.crash()
        self.open()

    def crash_inside_a_call(self) -> None:
        """The power goes at one of the next few changes, whatever call makes them."""
        self.disk.faults.power_lost_at = self.chance.randint(1, 8)

    def fill_the_disk(self) -> None:
        used = sum(len(inode.cached) for inode in self.disk._names.values())
        self.disk.faults.budget_bytes = used + self.chance.randint(0, 3 * FILE_BYTES)

    def fill_it_in_the_middle_of_a_write(self) -> None:
        self.disk.faults.full_write_at = self.chance.randint(1, 3)

    def make_room(self) -> None:
        self.disk.faults.budget_bytes = None

    def release_the_reserve(self) -> None:
        self.journal.release_reserve()

    def fail_a_sync(self) -> None:
        self.disk.faults.fail_sync_at = self.chance.randint(1, 3)

    def fail_a_write(self) -> None:
        self.disk.faults.fail_write_at = self.chance.randint(1, 3)

    # The driver

    def step(self) -> None:
        steps: list[tuple[Callable[[], None], int]] = [
            (self.append, 60),
            (self.sync, 25),
            (self.trim, 8),
            (self.close, 2),
            (self.kill, 2),
            (self.crash, 4),
            (self.crash_inside_a_call, 5),
            (self.fill_the_disk, 2),
            (self.fill_it_in_the_middle_of_a_write, 2),
            (self.make_room, 2),
            (self.release_the_reserve, 1),
            (self.fail_a_sync, 1),
            (self.fail_a_write, 1),
        ]
        step = self.chance.choices([s for s, _ in steps], [w for _, w in steps])[0]
        try:
            step()
        except PowerLost:
            self.start_again()
        except Full:
            self.disk.check_power()  # nothing has happened: the node is there, and goes on
        except Failed:
            self.restart_after_failure()

    def start_again(self) -> None:
        """The process is gone in the middle of a call; with the machine, or alone."""
        self.disk = self.disk.crash() if self.chance.random() < 0.6 else self.disk.kill()
        self.open()

    def restart_after_failure(self) -> None:
        """A failed node says no more; the process starts again, or the whole machine does."""
        with pytest.raises(Failed):
            self.journal.sync()
        self.start_again()

    def open(self) -> None:
        """Open until it works; each attempt may be cut off anywhere."""
        for _ in range(self.chance.choice([0, 0, 1, 2])):
            self.disk.faults.power_lost_at = self.chance.randint(1, 12)
            try:
                self.journal = self.made()
                self.opened(self.journal.open())
            except PowerLost:
                pass
            self.disk = self.disk.crash() if self.chance.random() < 0.6 else self.disk.kill()
        self.disk.faults.full_write_at = self.chance.choice([0, 0, 0, 1, 2])
        try:
            self.journal = self.made()
            tail = self.journal.open()
        except Full:
            self.journal = self.made()
            tail = self.journal.open()
        self.disk.faults.full_write_at = 0
        self.opened(tail)

    def opened(self, tail: Tail) -> None:
        nothing_synced_is_lost(self, tail)
        what_is_read_is_what_was_appended(self, tail)
        an_incarnation_is_never_used_twice(self, tail)
        nothing_is_trimmed_unasked(self, tail)
        # What an opener found is promised from here on; what it did not find will never have been.
        self.synced = tail.position
        self.written = {p: self.written[p] for p in self.written if p <= tail.position}
        self.incarnation = tail.incarnation


def nothing_synced_is_lost(life: Life, tail: Tail) -> None:
    assert tail.position >= life.synced


def what_is_read_is_what_was_appended(life: Life, tail: Tail) -> None:
    """A prefix, in order, dense, byte for byte: no stale frame, no refused one."""
    frames = list(life.journal.read(tail.trimmed + 1))
    assert [position for position, _ in frames] == list(range(tail.trimmed + 1, tail.position + 1))
    for position, payload in frames:
        assert payload == life.written[position], position


def an_incarnation_is_never_used_twice(life: Life, tail: Tail) -> None:
    assert tail.incarnation > life.incarnation


def nothing_is_trimmed_unasked(life: Life, tail: Tail) -> None:
    assert tail.trimmed <= life.trimmed


def live(seed: int) -> Life:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
    life.disk.faults.power_lost_at = 0
    life.crash()
    return life


@pytest.mark.parametrize("first", range(0, SEEDS, 50))
def test_every_life_keeps_the_invariants(first: int) -> None:
    for seed in range(first, first + 50):
        try:
            live(seed)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_life_replays_bit_by_bit_from_its_seed() -> None:
    for seed in (3, 14):
        assert live(seed).disk.fingerprint() == live(seed).disk.fingerprint()


def test_the_lives_meet_what_they_are_meant_to_meet() -> None:
    """A simulation that never trims, recycles or fills up would prove nothing."""
    lives = [live(seed) for seed in range(40)]
    assert any(life.journal._trimmed > 20 for life in lives)
    assert any(name.startswith("journal-spare") for life in lives for name in life.disk.names())
    assert any(life.journal.position > 30 for life in lives)
    assert all(life.incarnation > 1 for life in lives)
