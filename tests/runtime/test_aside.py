"""Work beside the turns: once for all who ask, remembered for a while, bounded."""

from typing import Any

import pytest
from tests.fakes.node import ManualWorker, post

from dragoman.model.errors import QuotaExceeded
from dragoman.runtime.aside import REMEMBERED_MAX, REMEMBERED_MS, WAITING_MAX, Aside, AtOnce


class Asker:
    id = 1


class World:
    def __init__(self) -> None:
        self.worker = ManualWorker()
        self.told: list[Any] = []
        self.aside = Aside(lambda: self.worker, post, self.told.extend)
        self.done = 0

    def job(self) -> int:
        self.done += 1
        return self.done

    def ask(self, key: bytes = b"k", now_ms: int = 0, who: Any = None) -> object:
        return self.aside.ask(who or Asker(), key, self.job, now_ms)


def test_whoever_asks_is_told_once_it_is_known_and_the_work_is_done_once() -> None:
    world = World()
    one, two = Asker(), Asker()
    assert world.ask(who=one) is None
    assert world.ask(who=two) is None
    assert world.ask(who=one) is None
    assert len(world.worker.jobs) == 1
    world.worker.close()
    assert world.told == [one, two]
    assert world.ask() == world.ask() == 1


def test_a_result_is_forgotten_after_a_while() -> None:
    world = World()
    world.ask()
    world.worker.close()
    assert world.ask(now_ms=REMEMBERED_MS) == 1
    assert world.ask(now_ms=REMEMBERED_MS) is None
    world.worker.close()
    assert world.ask(now_ms=REMEMBERED_MS) == 2


def test_what_is_remembered_is_bounded() -> None:
    world = World()
    for number in range(REMEMBERED_MAX + 1):
        world.ask(b"%d" % number)
        world.worker.close()
    assert world.ask(b"1") == 2
    assert world.ask(b"0") is None


def test_no_more_than_so_much_waits() -> None:
    world = World()
    for number in range(WAITING_MAX):
        world.ask(b"%d" % number)
    with pytest.raises(QuotaExceeded):
        world.ask(b"more")
    assert world.ask(b"0") is None


def test_a_job_that_fails_fails_whoever_asked_and_is_tried_again() -> None:
    world = World()

    def fail() -> object:
        raise ValueError("planted")

    world.aside.ask(Asker(), b"k", fail, 0)
    world.worker.close()
    with pytest.raises(ValueError, match="planted"):
        world.ask()
    assert world.ask() is None


def test_without_another_worker_it_is_done_at_once() -> None:
    world = World()
    world.aside = Aside(AtOnce, post, world.told.extend)
    assert world.ask() == 1
    world.aside.close()


def test_once_closed_nothing_more_is_done() -> None:
    world = World()
    world.aside.close()
    world.ask()
    world.aside.close()
    assert world.done == 0
