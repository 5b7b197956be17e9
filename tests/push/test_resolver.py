import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from dragoman.push import resolver as module
from dragoman.push.blocked import Blocked
from dragoman.push.guard import Guard
from dragoman.push.resolver import Resolver, SystemLookUp, addresses_of

PUBLIC, PRIVATE = "8.8.8.8", "10.0.0.1"


class FakeNames:
    """A name server that says what the test wants, and counts how often it was asked."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if self.gate is not None:
            await self.gate.wait()
        if host not in self.names:
            raise OSError("no such name")
        return self.names[host]


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - turns of the loop
            await asyncio.sleep(0)


def run(step: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(step())


def test_only_addresses_that_may_be_called_are_given_out() -> None:
    async def step() -> None:
        resolver = Resolver(Guard(), FakeNames(mixed=[PRIVATE, PUBLIC], inside=[PRIVATE]))
        assert await resolver.resolve("mixed", 80) == [PUBLIC]
        with pytest.raises(Blocked, match=r"inside: 10\.0\.0\.1 is a private address"):
            await resolver.resolve("inside", 80)

    run(step)


def test_a_name_without_an_address_is_no_refusal_of_ours() -> None:
    async def step() -> None:
        names = FakeNames(empty=[])
        resolver = Resolver(Guard(), names)
        for host in ("empty", "unknown", "unknown"):
            with pytest.raises(OSError, match="has no address") as caught:
                await resolver.resolve(host, 80)
            assert not isinstance(caught.value, Blocked)
        assert names.asked == ["empty", "unknown"]

    run(step)


def test_what_was_found_is_kept_and_what_was_asked_at_once_is_asked_once() -> None:
    async def step() -> None:
        names = FakeNames(a=[PUBLIC])
        resolver = Resolver(Guard(), names)
        found = await asyncio.gather(*(resolver.resolve("a", port) for port in range(1, 6)))
        assert found == [[PUBLIC]] * 5
        assert names.asked == ["a"]

    run(step)


def test_a_name_that_leads_elsewhere_later_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.0)

    async def step() -> None:
        names = FakeNames(rebinding=[PUBLIC])
        resolver = Resolver(Guard(), names)
        assert await resolver.resolve("rebinding", 80) == [PUBLIC]
        names.names["rebinding"] = ["169.254.169.254"]
        with pytest.raises(Blocked, match="metadata"):
            await resolver.resolve("rebinding", 80)

    run(step)


def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMES_MAX", 2)

    async def step() -> None:
        names = FakeNames(a=[PUBLIC], b=[PUBLIC], c=[PUBLIC])
        resolver = Resolver(Guard(), names)
        for host in "abca":
            await resolver.resolve(host, 80)
        assert names.asked == ["a", "b", "c", "a"]

    run(step)


def test_a_lookup_that_hangs_is_waited_for_no_longer_than_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RESOLVE_S_MAX", 0.02)

    async def step() -> None:
        names = FakeNames(a=[PUBLIC])
        names.gate = asyncio.Event()
        resolver = Resolver(Guard(), names)
        with pytest.raises(TimeoutError):
            await resolver.resolve("a", 80)
        names.gate.set()
        assert await resolver.resolve("a", 80) == [PUBLIC]
        assert names.asked == ["a"]

    run(step)


def test_names_that_hang_leave_threads_to_names_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 0.0)

    async def step() -> None:
        names = FakeNames(works=[PUBLIC])
        resolver = Resolver(Guard(), names)
        await resolver.resolve("works", 80)
        names.gate = asyncio.Event()
        hanging = [asyncio.create_task(resolver.resolve(f"dead{n}", 80)) for n in range(50)]
        working = asyncio.create_task(resolver.resolve("works", 80))
        await until(lambda: names.asked.count("works") == 2)
        assert len(names.asked) == 1 + module.THREADS_DOUBTFUL + 1
        names.gate.set()
        assert await working == [PUBLIC]
        await asyncio.gather(*hanging, return_exceptions=True)
        resolver.close()

    run(step)


def test_the_system_finds_this_machine_and_no_name_that_is_none() -> None:
    async def step() -> None:
        look_up = SystemLookUp()
        assert set(await look_up("localhost")) & {"127.0.0.1", "::1"}
        with pytest.raises(OSError, match=r"."):
            await look_up("x" * 64 + ".invalid")
        assert "127.0.0.1" in await look_up("127.0.0.1")

    run(step)
    assert addresses_of("127.1") == ["127.0.0.1"]
