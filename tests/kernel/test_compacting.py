"""What compaction takes away, what it leaves, and when. Bodies are `text;key=...`, tombstones have the header `gone`."""

from typing import Any

import pytest
from tests.fakes.kernel import FOREIGN, FakeTranslator, make_kernel

from dragoman.kernel import compacting
from dragoman.kernel.block import Partition
from dragoman.kernel.commands import (
    Consume,
    CreateStream,
    DeclareQueue,
    DeleteQueue,
    Publish,
    Read,
)
from dragoman.kernel.compacting import PAUSE_MS, PERIOD_MS
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.records import Compacted
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL

DAY_MS = 86_400_000


class Log:
    """A compacted stream whose entries are on disk as soon as they are there."""

    def __init__(self, **settings: Any) -> None:
        self.kernel: Kernel = make_kernel(FakeTranslator())
        self.kernel.now_ms = self.kernel.elapsed_ms = 1_000_000
        self.kernel.begin(1)
        wanted = StreamSettings(retention_ms=-1, compact=True, **settings)
        self.kernel.submit(CreateStream(name="s", settings=wanted), 1)

    @property
    def partition(self) -> Partition:
        return self.kernel.state.stream("default", "s").partitions[0]

    def write(self, *bodies: bytes, packed: bool = False, format: int = CANONICAL) -> None:
        given = [b"\n".join(bodies)] if packed else list(bodies)
        publish = Publish("default", Address("s"), format, given)
        publish.packed = len(bodies) if packed else 0
        self.kernel.publish(publish)
        self.save()

    def save(self) -> None:
        self.partition.committed = self.partition.end
        for number, block in enumerate(self.partition.blocks):
            block.frozen = True
            block.place = block.place or (1, number, 1)

    def advance(self, by_ms: int = PERIOD_MS) -> list[Compacted]:
        self.kernel.now_ms += by_ms
        self.kernel.elapsed_ms += by_ms
        self.kernel.sweep()
        while self.kernel.state.compaction.is_busy():
            self.kernel.elapsed_ms += PAUSE_MS
            self.kernel.sweep()
        records = [r for r in self.kernel.drain_records() if isinstance(r, Compacted)]
        self.save()
        return records

    def left(self) -> list[tuple[int, bytes]]:
        """(offset, body) of all that a cursor finds."""
        extract = self.kernel.submit(
            Read(name="s", partition=0, offset=self.partition.start, bytes_max=1 << 20), 1
        )
        found: list[tuple[int, bytes]] = []
        for block in extract.blocks:
            bodies = block.bodies
            if block.packed:
                bodies = block.spread(FakeTranslator().open_batch(block.format, bodies[0])[1])
            for low, high in block.present(block.offset, block.end):
                found += [(at, bodies[at - block.offset]) for at in range(low, high)]
        return found


@pytest.fixture
def log() -> Log:
    return Log(dirty_percent=0)


def test_of_each_key_the_last_stays_at_its_offset(log: Log) -> None:
    log.write(b"1;key=a", b"2;key=b", b"3;key=a", packed=True)
    log.write(b"4;key=b")
    log.write(b"5;key=c")
    log.advance()
    assert log.left() == [(2, b"3;key=a"), (3, b"4;key=b"), (4, b"5;key=c")]


def test_the_last_entry_is_not_touched_so_that_readers_reach_the_end(log: Log) -> None:
    log.write(b"1;key=a", b"2;key=a", packed=True)
    log.advance()
    assert [body for _, body in log.left()] == [b"1;key=a", b"2;key=a"]


def test_what_has_no_key_stays(log: Log) -> None:
    log.write(b"1", b"2;key=a", packed=True)
    log.write(b"3;key=a")
    log.write(b"end")
    log.advance()
    assert log.left() == [(0, b"1"), (2, b"3;key=a"), (3, b"end")]


def test_a_tombstone_goes_once_its_time_is_over_and_its_values_are_gone() -> None:
    log = Log(dirty_percent=0, tombstone_ms=DAY_MS)
    log.write(b"1;key=a")
    log.write(b"2;key=a,gone=1")
    log.write(b"3;key=b")
    log.advance()
    assert log.left() == [(1, b"2;key=a,gone=1"), (2, b"3;key=b")]
    log.advance(DAY_MS - PERIOD_MS)
    assert len(log.left()) == 2
    log.advance()
    log.advance()
    assert log.left() == [(2, b"3;key=b")]


def test_a_tombstone_stays_while_a_value_before_it_is_in_a_batch_that_stays_whole() -> None:
    log = Log(dirty_percent=0, tombstone_ms=DAY_MS)
    queue = DeclareQueue(name="s", settings=SubscriptionSettings(order="key"))
    log.kernel.submit(queue, 1)  # for it, batches are stored with their keys
    log.write(b"1;key=a", packed=True)
    log.kernel.submit(DeleteQueue(name="s"), 1)
    log.write(b"2;key=a,gone=1")
    log.write(b"3;key=b,gone=1")
    log.write(b"4;key=c")
    assert log.partition.blocks[0].keys
    log.advance()
    log.advance(DAY_MS)
    log.advance()
    assert log.left() == [(0, b"1;key=a"), (1, b"2;key=a,gone=1"), (3, b"4;key=c")]
    assert log.advance(DAY_MS) == []


def test_what_is_not_on_disk_is_left_alone(log: Log) -> None:
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"3;key=a")
    for block in log.partition.blocks:
        block.place = None
    assert log.advance() == []


def test_a_leased_reader_keeps_what_it_has_not_settled(log: Log) -> None:
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"3;key=a")
    log.kernel.submit(DeclareQueue(name="s"), 1)
    assert log.advance() == []


def test_a_reader_that_comes_during_a_round_ends_it(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"3;key=a")
    real = compacting._learn

    def learn(*args: Any) -> None:
        real(*args)
        if not log.kernel.state.stream("default", "s").subscriptions:
            log.kernel.submit(DeclareQueue(name="s"), 1)

    monkeypatch.setattr(compacting, "_learn", learn)
    assert log.advance() == []


def test_a_leased_reader_of_later_is_given_what_is_left(log: Log) -> None:
    log.write(b"1;key=a", b"2;key=b", b"3;key=a", b"4;key=c", packed=True)
    log.write(b"5;key=c")
    log.write(b"end")
    log.advance()
    queue = log.kernel.submit(DeclareQueue(name="s"), 1)
    assert queue.ready == 4
    log.kernel.submit(Consume(name="s", no_ack=True, credit_max=10), 1)
    log.kernel.dispatch()
    runs = [(d.start, d.end) for known in log.kernel.drain_deliveries().values() for d in known]
    assert runs == [(1, 3), (4, 5), (5, 6)]


def test_it_waits_until_enough_is_dirty_or_too_old() -> None:
    log = Log(dirty_percent=60, compact_within_ms=3 * PERIOD_MS)
    for number in range(4):
        log.write(b"%d;key=%d" % (number, number))
    log.advance()
    log.write(b"9;key=0")
    log.write(b"9;key=1")
    assert log.advance() == []
    log.advance(3 * PERIOD_MS)
    assert [at for at, _ in log.left()] == [1, 2, 3, 4, 5]


def test_what_is_young_is_left_alone() -> None:
    log = Log(dirty_percent=0, compact_after_ms=10 * PERIOD_MS)
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"end")
    assert log.advance() == []
    log.advance(10 * PERIOD_MS)
    assert log.left() == [(1, b"2;key=a"), (2, b"end")]


def test_entries_of_formats_without_batches_lose_their_bodies_in_place(log: Log) -> None:
    log.write(b"1;key=a", b"2;key=b", b"3;key=a", format=FOREIGN)
    log.write(b"4;key=c", format=FOREIGN)
    log.advance()
    assert log.left() == [(1, b"2;key=b"), (2, b"3;key=a"), (3, b"4;key=c")]
    assert log.partition.blocks[0].bodies == [b"", b"2;key=b", b"3;key=a"]


def test_a_stream_that_is_not_compacted_stays_whole() -> None:
    log = Log(dirty_percent=0)
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.kernel.state.stream("default", "s").settings = StreamSettings(retention_ms=-1)
    assert log.advance() == []


def test_a_full_disk_waits(log: Log) -> None:
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"end")
    log.kernel.state.is_full = True
    assert log.advance() == []
    log.kernel.state.is_full = False
    assert len(log.advance()) == 1


def test_between_two_steps_others_have_the_thread(log: Log) -> None:
    log.write(b"1;key=a")
    log.write(b"2;key=a")
    log.write(b"end")
    kernel = log.kernel
    kernel.elapsed_ms += PERIOD_MS
    compaction = kernel.state.compaction
    steps = 0
    while compaction.is_busy() or not steps:
        kernel.sweep()
        assert not kernel.sweep(), "a second step in the same millisecond"
        elapsed_ms, _ = kernel.deadlines()
        assert elapsed_ms == compaction.step_ms or not compaction.is_busy()
        kernel.elapsed_ms = max(kernel.elapsed_ms + 1, compaction.step_ms)
        steps += 1
    assert steps == 3, "a look, what it learns, what it writes anew"
    assert log.left() == [(1, b"2;key=a"), (2, b"end")]
