"""A broker with a face of its own, which publishes to itself what it is told to. The product, but for the face.

    {"subscribe": NAME, "urls": [...]}                       a stream, and a pushed subscription for each URL
    {"publish": NAME, "rate_per_s": N, "seconds": S}         on a fixed schedule; answered once all are published
    {"burst": NAME, "streams": N, "seconds": S}              one message to each of NAME0, NAME1, ...; answered at once
    {"flood": NAME, "count": N}                              as fast as it goes; answered once all are settled
    {"cpu": 0}                                               seconds of CPU so far, and what outbound has counted

One JSON a line on standard input; an answer each on standard output. Failed requests come again after 10 s, 30 s, one
minute, five minutes: Event Grid's schedule.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvloop

from bench.push.receiver import NS_DIGITS
from dragoman.app.config import ServeOptions
from dragoman.app.renderers import RENDERERS
from dragoman.app.serve import Running, calm_collector, raise_file_limit, start
from dragoman.doors.shared.push.door import pushed_by
from dragoman.doors.shared.push.renderer import (
    ACK,
    Plan,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.kernel.commands import CreateStream, Publish
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import CANONICAL
from dragoman.ports.outbound import Answered, Outgoing

TIMEOUT_MS = 30_000
RETRY_MS = (10_000, 30_000, 60_000, 300_000)
JITTER = 0.1
BODY_BYTES = 1_024
FLOOD_BATCH = 100
FLOOD_AHEAD = 5_000
HEADERS = (("content-type", "application/json"), ("aeg-event-type", "Notification"))


class Face:
    """Bodies as they are stored, to the URL that is the subscription's name."""

    name = "bench"

    def plan(self, subscription: PushedSubscription) -> Plan:
        return Plan(subscription.name)

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing:
        return Outgoing("POST", subscription.name, HEADERS, messages[0].body, TIMEOUT_MS)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        if 200 <= answered.status < 300:
            return ACK
        delay_ms = RETRY_MS[min(attempt, len(RETRY_MS)) - 1]
        return Verdict("release", delay_ms=int(delay_ms * (1 + JITTER * random.random())))


class Told:
    """The broker, doing as it is told."""

    def __init__(self, running: Running) -> None:
        self.parts = running.parts
        self.broker = running.parts.broker
        self.kernel = self.broker.kernel

    async def do(self, told: dict[str, Any]) -> Any:
        self.broker.begin_turn()
        if "subscribe" in told:
            return self.subscribe(told["subscribe"], told["urls"])
        if "publish" in told:
            return await self.publish(told["publish"], told["rate_per_s"], told["seconds"])
        if "burst" in told:
            return self.burst(told["burst"], told["streams"], told["seconds"])
        if "flood" in told:
            return await self.flood(told["flood"], told["count"])
        used = resource.getrusage(resource.RUSAGE_SELF)
        pushes = self.broker.meters.pushes
        return {
            "cpu_s": used.ru_utime + used.ru_stime,
            "rss_mb": used.ru_maxrss / 1024,
            "under_way": pushes.under_way,
            "waiting": pushes.waiting,
            "failed": sum(pushes.failed.values()),
        }

    def subscribe(self, stream: str, urls: list[str]) -> int:
        self.kernel.submit(CreateStream(name=stream, settings=StreamSettings(), attach=True), 0)
        settings = SubscriptionSettings(push=Face.name)
        for url in urls:
            command = CreateSubscription(name=stream, subscription=url, settings=settings)
            self.kernel.submit(command, 0)
        return len(urls)

    def one(self, stream: str, due_ns: int, count: int = 1) -> None:
        body = b"%0*d" % (NS_DIGITS, due_ns)
        bodies = [body.ljust(BODY_BYTES, b"x")] * count
        self.broker.begin_turn()
        self.kernel.publish(Publish("default", Address(stream), CANONICAL, bodies))

    async def publish(self, stream: str, rate_per_s: float, seconds: float) -> int:
        began_ns = time.monotonic_ns()
        count = int(rate_per_s * seconds)
        for number in range(count):
            due_ns = began_ns + int(number * 1e9 / rate_per_s)
            await asyncio.sleep((due_ns - time.monotonic_ns()) / 1e9)
            self.one(stream, due_ns)
        return count

    def burst(self, name: str, streams: int, seconds: float) -> int:
        loop = asyncio.get_running_loop()
        for number in range(streams):
            delay_s = number * seconds / streams
            loop.call_later(delay_s, self.one, f"{name}{number}", time.monotonic_ns())
        return streams

    async def flood(self, stream: str, count: int) -> int:
        sent = 0
        while sent < count or self.left(stream):
            if sent < count and self.left(stream) < FLOOD_AHEAD:
                self.one(stream, time.monotonic_ns(), FLOOD_BATCH)
                sent += FLOOD_BATCH
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(0.001)
        return sent

    def left(self, stream: str) -> int:
        found = self.kernel.state.stream("default", stream).subscriptions
        return sum(subscription.ready() + subscription.leased() for subscription in found)


async def main(data: str) -> None:
    RENDERERS[Face.name] = lambda _: (Face(), pushed_by(Face.name))
    options = ServeOptions(data=data, ports={"kafka": 0, "amqp": 0})
    options.push_allow = ("127.0.0.0/8",)
    running = await start(options)
    told = Told(running)
    read: Callable[[], str] = sys.stdin.readline
    loop = asyncio.get_running_loop()
    jobs: set[asyncio.Task[None]] = set()

    async def answer(line: str) -> None:
        print(json.dumps(await told.do(json.loads(line))), flush=True)

    while line := await loop.run_in_executor(None, read):
        task = asyncio.create_task(answer(line))
        jobs.add(task)
        task.add_done_callback(jobs.discard)
    await running.stop()


if __name__ == "__main__":
    raise_file_limit()
    calm_collector()
    uvloop.run(main(sys.argv[1]))
