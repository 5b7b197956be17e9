"""What every `LogStore` promises, on every engine."""

from pathlib import Path

import pytest
from tests.storage.engines import Bench, log_bench

from dragoman.ports.storage import Corrupt, Failed, Fenced, LogStore, Tail


@pytest.fixture(params=["memory", "files", "simulated"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench[LogStore]:
    return log_bench(request.param, tmp_path)


@pytest.fixture
def log(bench: Bench[LogStore]) -> LogStore:
    bench.port.open()
    return bench.port


def fill(log: LogStore, count: int, size: int = 100, start: int = 0) -> list[tuple[int, bytes]]:
    frames = []
    for position in range(start, start + count):
        payload = bytes([position % 256]) * size
        frames.append((log.append(position, [payload]), payload))
    return frames


def test_a_new_log_is_empty_and_has_its_first_incarnation(bench: Bench[LogStore]) -> None:
    assert bench.port.open() == Tail(position=0, trimmed=0, incarnation=1)
    assert list(bench.port.read(1)) == []


def test_frames_are_numbered_from_one_and_read_back_in_order(log: LogStore) -> None:
    frames = fill(log, 200)
    assert [position for position, _ in frames] == list(range(1, 201))
    assert list(log.read(1)) == frames
    assert list(log.read(150)) == frames[149:]


def test_a_payload_is_the_join_of_its_buffers(log: LogStore) -> None:
    log.append(0, [b"one ", b"", b"two"])
    log.append(1, [b"x" * 70_000, b"y" * 70_000])
    assert list(log.read(1)) == [(1, b"one two"), (2, b"x" * 70_000 + b"y" * 70_000)]


def test_a_frame_may_be_empty(log: LogStore) -> None:
    assert log.append(0, []) == 1
    assert log.append(1, [b""]) == 2
    assert list(log.read(1)) == [(1, b""), (2, b"")]


def test_an_append_behind_another_position_than_the_tail_is_fenced(log: LogStore) -> None:
    fill(log, 3)
    for expected in (2, 4, 0):
        with pytest.raises(Fenced):
            log.append(expected, [b"late"])
    assert len(list(log.read(1))) == 3


def test_sync_tells_the_last_durable_position(log: LogStore) -> None:
    assert log.sync() == 0
    fill(log, 3)
    assert log.sync() == 3
    assert log.sync() == 3


def test_a_reopened_log_holds_what_was_closed(bench: Bench[LogStore]) -> None:
    bench.port.open()
    frames = fill(bench.port, 120)
    bench.port.close()
    log = bench.reopen()
    assert log.open() == Tail(position=120, trimmed=0, incarnation=2)
    assert list(log.read(1)) == frames
    frames += fill(log, 5, start=120)
    assert list(log.read(1)) == frames


def test_each_opening_has_its_own_incarnation_even_without_an_append(
    bench: Bench[LogStore],
) -> None:
    bench.port.open()
    assert [bench.reopen().open().incarnation for _ in range(4)] == [2, 3, 4, 5]


def test_what_is_not_trimmed_stays_readable(bench: Bench[LogStore]) -> None:
    bench.port.open()
    frames = fill(bench.port, 100)
    bench.port.sync()
    bench.port.trim(60)
    assert list(bench.port.read(61)) == frames[60:]
    log = bench.reopen()
    tail = log.open()
    assert tail.position == 100
    assert tail.trimmed <= 60
    assert list(log.read(61)) == frames[60:]


def test_reading_what_is_trimmed_is_refused(bench: Bench[LogStore]) -> None:
    bench.port.open()
    fill(bench.port, 100)
    bench.port.sync()
    bench.port.trim(100)
    tail = bench.reopen().open()
    assert 0 < tail.trimmed <= 100
    with pytest.raises(Corrupt):
        bench.port.read(tail.trimmed)


def test_a_trim_frees_most_of_what_lies_below(bench: Bench[LogStore]) -> None:
    bench.port.open()
    fill(bench.port, 400)
    bench.port.sync()
    bench.port.trim(399)
    assert bench.reopen().open().trimmed > 300


def test_trimming_everything_keeps_the_numbers(bench: Bench[LogStore]) -> None:
    bench.port.open()
    fill(bench.port, 90)
    bench.port.sync()
    bench.port.trim(10_000)
    log = bench.reopen()
    assert log.open().position == 90
    assert log.append(90, [b"next"]) == 91
    assert list(log.read(91)) == [(91, b"next")]


def test_a_reader_ends_where_the_tail_was_when_it_was_called(log: LogStore) -> None:
    frames = fill(log, 3)
    reader = log.read(1)
    fill(log, 3, start=3)
    assert list(reader) == frames


def test_a_closed_log_refuses_every_call(log: LogStore) -> None:
    fill(log, 1)
    log.close()
    log.close()
    for call in (
        lambda: log.append(1, [b"x"]),
        log.sync,
        lambda: list(log.read(1)),
        lambda: log.trim(1),
    ):
        with pytest.raises(Failed):
            call()
