"""Outbound HTTP put together: lanes decide whose turn it is, the client sends, targets are judged by how they answered.

send ──> lanes.put ──> pump: lanes.take ──> a task each: client.ask ──> lanes.end ──> done
^ put, ended, or the lanes' own next time
"""

import asyncio
from collections.abc import Callable
from typing import Final

from dragoman.ports.outbound import Answered, Outgoing
from dragoman.push.blocked import Blocked
from dragoman.push.client import Client
from dragoman.push.lanes import Lanes
from dragoman.push.standing import LATE_MS, Event, Lane, Targets
from dragoman.push.urls import Place, place_of
from dragoman.telemetry.counters import Pushes

REQUEST_OVERHEAD_BYTES: Final = 1_024  # of one that waits, beside its body

Done = Callable[[Answered], None]


class _Request:
    """A request on its way; see `lanes.Item`."""

    __slots__ = ("done", "lane", "outgoing", "place", "size_bytes", "started_ms", "target")

    def __init__(self, outgoing: Outgoing, place: Place, targets: Targets, done: Done) -> None:
        self.outgoing = outgoing
        self.place = place
        self.target = targets.get(place.target)
        self.target.at_once = max(self.target.at_once, outgoing.at_once)
        self.done = done
        self.size_bytes = len(outgoing.body) + REQUEST_OVERHEAD_BYTES
        self.lane = Lane.FRESH
        self.started_ms = 0


class HttpOutbound:
    """See `ports.outbound.Outbound`. Belongs to one event loop."""

    def __init__(
        self, client: Client, lanes: Lanes, loop: asyncio.AbstractEventLoop, pushes: Pushes
    ) -> None:
        self.pushes = pushes
        self._client = client
        self._lanes = lanes
        self._loop = loop
        self._targets = Targets()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_pumping = False
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None

    def send(self, request: Outgoing, done: Done) -> None:
        """See `Outbound.send`."""
        try:
            place = place_of(request.url)
        except Blocked as error:
            self._refuse(done, Answered(0, failure="blocked", text=str(error)))
            return
        item = _Request(request, place, self._targets, done)
        if self._lanes.put(item):
            self._pump_soon()
        else:
            self._refuse(done, Answered(0, failure="busy", text="too much waits already"))

    def room(self, url: str) -> int:
        """See `Outbound.room`."""
        try:
            place = place_of(url)
        except Blocked:
            return 1  # to be told why
        return self._lanes.room(self._targets.get(place.target))

    def _refuse(self, done: Done, answered: Answered) -> None:
        self._count(answered)
        self._loop.call_soon(done, answered)

    # --- turns ---

    def _pump_soon(self) -> None:
        if not self._is_pumping and not self._is_closed:
            self._is_pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        """Start what may be started, and come back when more may."""
        self._is_pumping = False
        if self._is_closed:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now_ms = self._now_ms()
        self._lanes.shift(now_ms)
        while True:
            item = self._lanes.take(now_ms)
            if item is None:
                break
            assert isinstance(item, _Request)
            task = self._loop.create_task(self._run(item))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self.pushes.under_way, self.pushes.waiting = self._lanes.under_way, self._lanes.waiting
        next_ms = self._lanes.next_ms(now_ms)
        if next_ms is not None:
            self._timer = self._loop.call_at(max(next_ms, now_ms + 1) / 1000, self._pump)

    def _now_ms(self) -> int:
        return int(self._loop.time() * 1000)

    async def _run(self, item: _Request) -> None:
        self.pushes.sent += 1
        answered = await self._client.ask(item.outgoing, item.place)
        self._lanes.end(item, event_of(answered))
        self._count(answered)
        self._pump_soon()
        item.done(answered)

    def _count(self, answered: Answered) -> None:
        pushes = self.pushes
        if answered.failure:
            pushes.failed[answered.failure] = pushes.failed.get(answered.failure, 0) + 1
            return
        kind = f"{answered.status // 100}xx"
        pushes.answered[kind] = pushes.answered.get(kind, 0) + 1
        pushes.latency.record(answered.elapsed_ms * 1_000)

    async def close(self) -> None:
        """Give up what is under way; nobody is told."""
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._client.close()


def event_of(answered: Answered) -> Event:
    """What an answer says of its target."""
    if answered.failure == "timeout":
        return Event.SILENT
    if answered.failure:
        return Event.FAILED
    return Event.ANSWERED if answered.elapsed_ms <= LATE_MS else Event.LATE
