"""One timer of the loop for all that waits; times are elapsed milliseconds unless they say otherwise."""

from collections.abc import Callable

from tests.runtime.engine import Engine

from dragoman.runtime.session import BrokerSession
from dragoman.runtime.timers import DELAY_MAX_MS, Timers


class Clock:
    def __init__(self) -> None:
        self.now_ms = 0
        self.started_ms = 1_700_000_000_000

    def elapsed_ms(self) -> int:
        return self.now_ms

    def wall_ms(self) -> int:
        return self.started_ms + self.now_ms


class World:
    """A loop whose timers are written down: the times at which they ring, those that were cancelled left out."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.ringing: list[int] = []
        self.armed = 0
        self.woken = 0
        self.timers = Timers(self.clock, self, self.wake)
        self.node = Engine().start()

    def wake(self) -> None:
        self.woken += 1

    def soon(self, callback: Callable[[], None]) -> None:
        raise AssertionError

    def later(self, delay_ms: int, callback: Callable[[], None]) -> Callable[[], object]:
        at_ms = self.clock.now_ms + delay_ms
        self.ringing.append(at_ms)
        self.armed += 1
        return lambda: self.ringing.remove(at_ms)

    def arm(self, elapsed_ms: int | None = None, wall_ms: int | None = None) -> None:
        self.timers.arm(elapsed_ms, wall_ms, self.clock.now_ms)

    def session(self) -> BrokerSession:
        return self.node.connect()

    def ring(self) -> None:
        self.clock.now_ms = self.ringing.pop()
        self.timers.check()


def test_a_door_is_due_once_at_the_time_it_asked_for_last() -> None:
    world = World()
    early, late, gone = world.session(), world.session(), world.session()
    world.timers.set(early, 50)
    world.timers.set(early, 100)
    world.timers.set(late, 200)
    world.timers.set(gone, 100)
    world.timers.forget(gone)
    assert world.timers.due(99) == []
    assert world.timers.due(100) == [early]
    assert world.timers.due(100) == []
    world.timers.set(late, None)
    assert world.timers.due(1_000) == []


def test_it_rings_for_the_soonest_of_doors_and_kernel() -> None:
    world = World()
    world.timers.set(world.session(), 300)
    world.arm(500)
    assert world.ringing == [300]
    world.arm(200)
    assert world.ringing == [200]
    world.arm(200, world.clock.wall_ms() + 70)
    assert world.ringing == [70]


def test_what_moves_away_leaves_the_timer_where_it_is_and_is_rung_for_in_the_end() -> None:
    world = World()
    world.arm(100)
    for at_ms in (110, 150, None, 200):
        world.arm(at_ms)
    assert (world.ringing, world.armed) == ([100], 1)
    world.ring()
    assert world.woken == 1
    world.arm(200)
    assert (world.ringing, world.armed) == ([200], 2)


def test_wall_time_that_is_waited_for_is_looked_at_now_and_then_however_far_it_is() -> None:
    world = World()
    world.arm(None, world.clock.wall_ms() + 30 * 86_400_000)
    assert world.ringing == [DELAY_MAX_MS]


def test_what_is_overdue_rings_at_once() -> None:
    world = World()
    world.clock.now_ms = 500
    world.arm(100)
    assert world.ringing == [500]


def test_nothing_to_wait_for_arms_nothing() -> None:
    world = World()
    world.arm()
    assert world.ringing == []
