"""When a frame is handed to the writer: at once if somebody waits for it, in a moment if nobody does."""

from typing import Any

import pytest
from tests.fakes.node import ManualWorker, never, post

from dragoman.kernel.records import GroupDeleted, Record
from dragoman.model.levels import SYNCED, WRITTEN
from dragoman.runtime import commit as module
from dragoman.runtime.commit import Commit
from dragoman.storage.memory.log import MemoryLog


class Made:
    """A commit on a log in memory, and how often it was put off."""

    def __init__(self) -> None:
        log = MemoryLog()
        log.open()
        self.worker = ManualWorker()
        self.commit = Commit(log, 0, self.worker, post, lambda: None, never)
        self.put_off = 0
        self.commit.put_off = self._put_off

    def _put_off(self) -> None:
        self.put_off += 1

    def decide(self, count: int = 1, size_bytes: int = 0) -> int:
        """Records for the frame now gathering, and the end of a turn; that frame's position."""
        records: list[Record] = [GroupDeleted("default", "g")] * count
        self.commit.add(records, size_bytes)
        position = self.commit.position()
        self.commit.pump()
        return position


def test_what_nobody_waits_for_is_put_off_and_written_in_a_moment() -> None:
    made = Made()
    assert [made.decide(), made.decide()] == [1, 1], "one frame"
    assert (made.put_off, made.worker.jobs) == (2, [])
    made.commit.pump_all()
    made.worker.run_one()
    assert (made.commit.written, made.commit.synced, made.commit.is_idle) == (1, 0, True)


@pytest.mark.parametrize("level", [WRITTEN, SYNCED])
def test_what_somebody_waits_for_is_handed_over_at_once(level: int) -> None:
    made = Made()
    if level == SYNCED:
        made.commit.want_sync(1)
    else:
        made.commit.want_written(1)
    made.decide()
    assert made.worker.run_one()
    assert made.commit.reached(level) == 1
    made.decide()
    assert made.put_off == 1, "and no more than that"


@pytest.mark.parametrize(
    "much",
    [{"count": module.PUT_OFF_RECORDS_MAX + 1}, {"size_bytes": module.PUT_OFF_BYTES_MAX + 1}],
)
def test_what_is_much_is_not_put_off(much: dict[str, Any]) -> None:
    made = Made()
    made.decide(**much)
    assert len(made.worker.jobs) == 1


def test_what_was_put_off_goes_along_once_somebody_waits() -> None:
    made = Made()
    position = made.decide()
    made.commit.want_sync(position)
    made.commit.pump()
    made.worker.run_one()
    assert made.commit.synced == position


def test_behind_a_busy_writer_frames_gather_and_the_next_is_put_off_again_unless_waited_for() -> (
    None
):
    made = Made()
    made.commit.want_written(1)
    made.decide()
    for _ in range(3):
        made.decide()
    assert len(made.worker.jobs) == 1
    made.worker.run_one()
    assert (made.put_off, made.worker.jobs) == (1, [])
    made.commit.pump_all()
    assert len(made.worker.jobs) == 1


def test_a_frame_behind_a_sealed_one_is_not_forgotten_by_who_waits_for_it() -> None:
    made = Made()
    made.decide()
    made.commit.seal()
    made.commit.want_written(2)
    made.decide()
    while made.worker.run_one():
        pass
    assert made.commit.written == 2


def test_a_sealed_frame_is_never_put_off() -> None:
    made = Made()
    made.decide()
    assert made.commit.seal() == 1
    made.commit.pump()
    assert made.worker.run_one()
    assert made.commit.written == 1


def test_the_turn_writes_a_small_frame_itself_while_the_writer_is_idle() -> None:
    made = Made()
    made.commit.want_written(1)
    made.commit.add([GroupDeleted("default", "g")], 10)
    assert made.commit.pump_here()
    assert (made.commit.written, made.commit.synced, made.worker.jobs) == (1, 0, [])


@pytest.mark.parametrize(
    ("count", "size_bytes"), [(module.HERE_RECORDS_MAX + 1, 1), (1, module.HERE_BYTES_MAX + 1)]
)
def test_the_turn_leaves_much_to_the_writer(count: int, size_bytes: int) -> None:
    made = Made()
    made.commit.want_written(1)
    made.commit.add([GroupDeleted("default", "g")] * count, size_bytes)
    assert not made.commit.pump_here()
    assert len(made.worker.jobs) == 1


def test_the_turn_writes_nothing_that_is_to_be_synced_nor_behind_a_busy_writer() -> None:
    made = Made()
    made.commit.want_written(1)
    made.commit.want_sync(1)
    made.commit.add([GroupDeleted("default", "g")], 1)
    assert not made.commit.pump_here()
    assert len(made.worker.jobs) == 1
    made.commit.want_written(2)
    made.commit.add([GroupDeleted("default", "g")], 1)
    assert not made.commit.pump_here()
    assert made.commit.handed == 1
    made.worker.run_one()
    assert made.commit.synced == 1


def test_frames_that_the_turn_wrote_are_synced_now_and_then_by_the_writer() -> None:
    made = Made()
    for position in range(1, module.UNSYNCED_FRAMES_MAX + 1):
        made.commit.want_written(position)
        made.commit.add([GroupDeleted("default", "g")], 1)
        made.commit.pump_here()
    made.worker.run_one()
    assert made.commit.synced == made.commit.written == module.UNSYNCED_FRAMES_MAX
