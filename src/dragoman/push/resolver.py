"""Names to addresses that may be called: looked up off the loop, judged, kept for a while.

    resolve(host) -> cache -> a lookup under way for the same name -> a thread's getaddrinfo -> guard -> addresses

What is given out is judged, and whoever connects uses just that: a name that leads elsewhere a moment later (DNS
rebinding) is looked up, and judged, again. Names that were never found, or not the last time, may keep most of the
threads busy but never all: a dead name server of theirs does not delay the names that work.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from threading import Thread
from typing import Final

from dragoman.push.blocked import Blocked
from dragoman.push.guard import Guard

NAMES_MAX: Final = 4_096
KEPT_S: Final = 30.0
KEPT_FAILED_S: Final = 5.0
RESOLVE_S_MAX: Final = 5.0  # for a request to wait; the lookup itself takes as long as it takes
THREADS: Final = 8
THREADS_DOUBTFUL: Final = 6
ADDRESSES_MAX: Final = 8  # of one name; more are not tried

LookUp = Callable[[str], Awaitable[list[str]]]
"""The addresses of a name. Raises OSError."""


class Resolver:
    """A cache of names, in front of lookups. Addresses are given out as text, those that may be called only."""

    def __init__(self, guard: Guard, look_up: LookUp) -> None:
        self._guard = guard
        self._look_up = look_up
        self._kept: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()  # until, addresses
        self._under_way: dict[str, asyncio.Task[list[str]]] = {}
        self._doubtful = asyncio.Semaphore(THREADS_DOUBTFUL)

    async def resolve(self, host: str, port: int) -> list[str]:
        """Raises Blocked when none of its addresses may be called, OSError when it has none, TimeoutError."""
        found = await self._addresses(host)
        if not found:
            raise OSError(f"{host} has no address")
        reasons = [self._guard.judge(host, port, address) for address in found]
        allowed = [address for address, reason in zip(found, reasons, strict=True) if not reason]
        if not allowed:
            raise Blocked(f"{host}: {reasons[0]}")
        return allowed

    async def _addresses(self, host: str) -> list[str]:
        now = asyncio.get_running_loop().time()
        until, found = self._kept.get(host, (0.0, []))
        if now < until:
            return found
        task = self._under_way.get(host)
        if task is None:
            task = asyncio.create_task(self._find(host, is_doubtful=not found))
            self._under_way[host] = task
            task.add_done_callback(lambda _: self._under_way.pop(host, None))
        async with asyncio.timeout(RESOLVE_S_MAX):
            return await asyncio.shield(task)

    async def _find(self, host: str, *, is_doubtful: bool) -> list[str]:
        """Look it up and keep what was found, nothing included."""
        found: list[str] = []
        try:
            if is_doubtful:
                async with self._doubtful:
                    found = await self._look_up(host)
            else:
                found = await self._look_up(host)
        except OSError:
            found = []
        now = asyncio.get_running_loop().time()
        self._kept[host] = (now + (KEPT_S if found else KEPT_FAILED_S), found[:ADDRESSES_MAX])
        self._kept.move_to_end(host)
        if len(self._kept) > NAMES_MAX:
            self._kept.popitem(last=False)
        return found[:ADDRESSES_MAX]

    def close(self) -> None:
        """Wait for no lookup any more."""
        for task in self._under_way.values():
            task.cancel()


class SystemLookUp:
    """The system's own resolver, on threads that end with the process: a lookup cannot be called off."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[str, asyncio.AbstractEventLoop, asyncio.Future[list[str]]]]
        self._jobs = SimpleQueue()
        self._threads: list[Thread] = []
        self._idle = 0

    async def __call__(self, host: str) -> list[str]:
        """See `LookUp`."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()
        if not self._idle and len(self._threads) < THREADS:
            thread = Thread(target=self._run, name="dragoman-names", daemon=True)
            self._threads.append(thread)
            thread.start()
        else:
            self._idle -= 1
        self._jobs.put((host, loop, found))
        try:
            return await found
        finally:
            self._idle += 1

    def _run(self) -> None:
        while True:
            host, loop, found = self._jobs.get()
            result: list[str] | OSError
            try:
                result = addresses_of(host)
            except OSError as error:
                result = error
            except UnicodeError as error:  # a label too long for a name
                result = OSError(str(error))
            try:
                loop.call_soon_threadsafe(_settle, found, result)
            except RuntimeError:
                return  # the loop is closed: so is all this


def addresses_of(host: str) -> list[str]:
    """As the system has them, in its order. Blocks; raises OSError."""
    infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def _settle(found: asyncio.Future[list[str]], result: list[str] | OSError) -> None:
    if found.done():
        return
    if isinstance(result, OSError):
        found.set_exception(result)
    else:
        found.set_result(result)
