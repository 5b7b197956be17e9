"""Segments on a disk that lies: a checkpoint's promise, rot, full disks, failures, many files."""

import random

import pytest
from tests.sim.disk import PowerLost, SimDisk

from dragoman.ports.storage import CHUNK_HEADER_BYTES, Corrupt, Failed, Full, VersionUnknown
from dragoman.storage.segments import SegmentStore, chunk, store

SEEDS = 200


class Checkpoints:
    """A runtime in small: appends, and now and then records the lengths it may rely on."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.disk = SimDisk(seed)
        self.segments = SegmentStore(self.disk)
        self.chunks: dict[tuple[int, int], bytes] = {}
        self.recorded: dict[int, int] = {}

    def append(self) -> None:
        segment = self.chance.randrange(4)
        bodies = [self.chance.randbytes(self.chance.randrange(900)) for _ in range(3)]
        start = self.segments.lengths().get(segment, 0)
        for body in bodies:
            self.chunks[segment, start] = body
            start += CHUNK_HEADER_BYTES + len(body)
        assert (
            self.segments.append(segment, start - sum(8 + len(b) for b in bodies), bodies) == start
        )

    def checkpoint(self) -> None:
        for segment in self.segments.lengths():
            self.segments.sync(segment)
        self.recorded = self.segments.lengths()

    def drop(self) -> None:
        segment = self.chance.randrange(4)
        self.recorded.pop(segment, None)  # recorded first, dropped behind it
        self.segments.drop(segment)

    def kill(self) -> None:
        self.disk = self.disk.kill()
        self.recover()

    def crash(self) -> None:
        self.disk = self.disk.crash()
        self.recover()

    def recover(self) -> None:
        self.segments = SegmentStore(self.disk)
        for segment in self.segments.lengths():
            if segment not in self.recorded:
                self.segments.drop(segment)
        for segment, length in self.recorded.items():
            self.segments.cut(segment, length)
        self.what_a_checkpoint_recorded_is_whole()

    def what_a_checkpoint_recorded_is_whole(self) -> None:
        assert self.segments.lengths() == self.recorded
        for segment, length in self.recorded.items():
            start = 0
            while start < length:
                body = self.chunks[segment, start]
                assert self.segments.read(segment, start, len(body)) == body
                start += CHUNK_HEADER_BYTES + len(body)
            assert start == length

    def step(self) -> None:
        steps = (self.append, self.checkpoint, self.drop, self.kill, self.crash)
        if self.chance.random() < 0.1:
            self.disk.faults.power_lost_at = self.chance.randint(1, 6)
        try:
            self.chance.choices(steps, weights=(60, 15, 5, 4, 6))[0]()
        except PowerLost:
            self.recover_until_it_works()

    def recover_until_it_works(self) -> None:
        while True:
            try:
                self.crash()
            except PowerLost:
                continue
            return


def test_what_a_checkpoint_recorded_survives_every_crash() -> None:
    for seed in range(SEEDS):
        try:
            life = Checkpoints(seed)
            for _ in range(40):
                life.step()
            life.disk.faults.power_lost_at = 0
            life.crash()
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise


def test_a_sync_makes_a_segment_durable_that_a_killed_process_began() -> None:
    for seed in range(20):
        disk = SimDisk(seed)
        end = SegmentStore(disk).append(1, 0, [b"begun"])
        disk = disk.kill()
        segments = SegmentStore(disk)
        segments.append(1, end, [b"finished"])
        segments.sync(1)
        assert SegmentStore(disk.crash()).read(1, end, 8) == b"finished"


def test_any_rotten_bit_of_a_chunk_is_noticed_when_it_is_read() -> None:
    disk = SimDisk(1)
    segments = SegmentStore(disk)
    segments.append(1, 0, [b"before", b"the chunk that rots", b"behind"])
    start = CHUNK_HEADER_BYTES + 6
    size = CHUNK_HEADER_BYTES + 19
    for bit in range(size * 8):
        disk.flip_bit(store.segment_name(1), (chunk.FILE_HEADER_BYTES + start) * 8 + bit)
        with pytest.raises(Corrupt, match="segment 1"):
            segments.read(1, start, 19)
        assert segments.read(1, 0, 6) == b"before"
        assert segments.read(1, start + size, 6) == b"behind"
        disk.flip_bit(store.segment_name(1), (chunk.FILE_HEADER_BYTES + start) * 8 + bit)


def test_the_same_bytes_in_the_wrong_place_are_not_believed() -> None:
    disk = SimDisk(1)
    segments = SegmentStore(disk)
    segments.append(1, 0, [b"body"])
    segments.append(2, 0, [b"body"])
    segments.sync(1)
    segments.sync(2)
    segments.close()
    disk.rename(store.segment_name(2), store.segment_name(1))
    with pytest.raises(Corrupt):
        SegmentStore(disk).read(1, 0, 4)


def test_a_segment_of_a_later_version_is_refused() -> None:
    disk = SimDisk(1)
    SegmentStore(disk).append(1, 0, [b"body"])
    disk.flip_bit(store.segment_name(1), 4 * 8 + 1)
    with pytest.raises(VersionUnknown):
        SegmentStore(disk).read(1, 0, 4)


def test_a_full_disk_refuses_an_append_and_keeps_the_rest() -> None:
    disk = SimDisk(1)
    segments = SegmentStore(disk)
    end = segments.append(1, 0, [b"kept"])
    disk.faults.budget_bytes = 600
    with pytest.raises(Full):
        segments.append(1, end, [bytes(1000)])
    with pytest.raises(Full):
        segments.append(2, 0, [bytes(1000)])
    assert segments.read(1, 0, 4) == b"kept"
    end = segments.append(1, end, [bytes(100)])
    assert SegmentStore(disk).lengths()[1] == end
    disk.faults.budget_bytes = None
    assert segments.append(2, 0, [b"room again"]) > 0
    assert segments.read(2, 0, 10) == b"room again"


@pytest.mark.parametrize("fault", ["fail_sync_at", "fail_write_at", "fail_read_at"])
def test_after_a_failure_every_later_call_fails(fault: str) -> None:
    disk = SimDisk(1)
    segments = SegmentStore(disk)
    end = segments.append(1, 0, [b"body"])
    setattr(disk.faults, fault, 1)
    with pytest.raises(Failed):
        touch(segments, end)
    for call in (
        lambda: segments.append(1, end, [b""]),
        lambda: segments.sync(1),
        lambda: segments.read(1, 0, 4),
        segments.lengths,
        lambda: segments.drop(1),
    ):
        with pytest.raises(Failed):
            call()


def touch(segments: SegmentStore, end: int) -> None:
    segments.append(1, end, [b"x"])
    segments.sync(1)
    segments.read(1, 0, 4)


def test_only_so_many_files_stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FILES_OPEN_MAX", 5)
    segments = SegmentStore(SimDisk(1))
    for segment in range(50):
        segments.append(segment, 0, [b"%d" % segment])
        segments.sync(segment)
    for segment in range(50):
        assert segments.read(segment, 0, len(str(segment))) == b"%d" % segment
        assert len(segments._readers) <= 5
    assert not segments._unsynced
