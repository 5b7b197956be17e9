"""A broker in a thread of this process. The thread has a loop of its own; the test sees addresses and a clock."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any, Final

from dragoman.app.config import ServeOptions
from dragoman.app.serve import Running, start
from dragoman.testing.clock import MovableClock

START_DEADLINE_S: Final = 30.0
STOP_DEADLINE_S: Final = 30.0


class RunningBroker:
    """A broker that serves. Each protocol is an attribute: `kafka.bootstrap`, `amqp.url` and so on."""

    def __init__(self, clock: MovableClock, endpoints: dict[str, dict[str, Any]]) -> None:
        self.clock = clock
        self.endpoints = endpoints

    def __getattr__(self, name: str) -> SimpleNamespace:
        endpoint = self.__dict__.get("endpoints", {}).get(name)
        if endpoint is None:
            raise AttributeError(name)
        return SimpleNamespace(**endpoint)


class _Thread:
    """The thread, what it serves, and why it did not."""

    def __init__(self, options: ServeOptions) -> None:
        self.clock = MovableClock()
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.error: BaseException | None = None
        self._options = options
        self._ready = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: Running | None = None
        self._thread = Thread(target=self._run, name="dragoman", daemon=True)

    def begin(self) -> None:
        """Return once it serves. Raises what kept it from serving."""
        self._thread.start()
        if not self._ready.wait(START_DEADLINE_S):
            raise TimeoutError("the broker did not start")
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to the thread that waits
            self.error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        running = await start(self._options, self.clock)
        self._loop, self._running = asyncio.get_running_loop(), running
        self.clock.mover = self._move
        self.endpoints = {name: endpoint.document for name, endpoint in running.endpoints().items()}
        self._ready.set()
        await running.leaving.wait()
        self.clock.mover = self.clock.move
        await running.stop()

    def _move(self, duration_ms: int) -> None:
        """Move the clock on the broker's thread, and wait until the broker has looked at it."""
        seen = Event()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._move_here, duration_ms, seen)
        if not seen.wait(STOP_DEADLINE_S):
            raise TimeoutError("the broker does not look at its clock")

    def _move_here(self, duration_ms: int, seen: Event) -> None:
        assert self._loop is not None
        assert self._running is not None
        self.clock.move(duration_ms)
        broker = self._running.parts.broker
        broker.read_clock()
        for session in broker.sessions():  # for clients no time has passed, so none was silent
            session.door.receive(b"")
        broker.timers.check()
        self._loop.call_soon(seen.set)  # behind the turn that `check` has asked for

    def end(self) -> None:
        """Leave as a signal would make it."""
        if self._loop is not None and self._running is not None:
            self._loop.call_soon_threadsafe(self._running.leaving.set)
        self._thread.join(STOP_DEADLINE_S)


@contextmanager
def broker(options: ServeOptions | None = None) -> Iterator[RunningBroker]:
    """A broker while the block runs: in memory and on free ports unless `options` say otherwise."""
    if options is None:
        options = ServeOptions(memory=True)
        options.ports = dict.fromkeys(options.ports, 0)
    thread = _Thread(options)
    thread.begin()
    try:
        yield RunningBroker(thread.clock, thread.endpoints)
    finally:
        thread.end()
