import asyncio

from dragoman.app.loop import LoopScheduler, SystemClock, SystemEntropy


def test_both_clocks_go_on_and_never_back() -> None:
    clock = SystemClock()
    for read in (clock.elapsed_ms, clock.wall_ms):
        times = [read() for _ in range(1_000)]
        assert times == sorted(times)
    assert clock.wall_ms() > 1_700_000_000_000


def test_chance_is_as_long_as_asked_for_and_never_the_same() -> None:
    entropy = SystemEntropy()
    assert [len(entropy.token(size)) for size in (0, 1, 16)] == [0, 1, 16]
    assert len({entropy.token(16) for _ in range(1_000)}) == 1_000


def test_what_is_to_happen_soon_happens_in_order_and_before_what_is_later() -> None:
    async def run() -> list[str]:
        seen: list[str] = []
        scheduler = LoopScheduler(asyncio.get_running_loop())
        done = asyncio.Event()
        scheduler.later(20, lambda: (seen.append("later"), done.set()))  # type: ignore[arg-type, func-returns-value]
        cancel = scheduler.later(1, lambda: seen.append("cancelled"))
        scheduler.soon(lambda: seen.append("first"))
        scheduler.soon(lambda: seen.append("second"))
        cancel()
        await done.wait()
        return seen

    assert asyncio.run(run()) == ["first", "second", "later"]
