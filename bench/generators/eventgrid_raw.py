"""Event Grid load: events into a topic in batches, and events through webhooks.

| mode    | what happens                                                                                          |
|---------|-------------------------------------------------------------------------------------------------------|
| publish | POSTs of `batch` events, one at a time on each connection, one epoll loop, prebuilt requests            |
| deliver | the same to ENDPOINTS topics with a webhook each, at most AHEAD events ahead of what the webhooks have |

Every answer must be 200, and the topic must hold what was sent. Of deliveries each event must come to its webhook at
least once, and each is counted once.

Parameters: host, port, mode, schema, size_bytes, batch, connections, seconds, topic.
"""

import asyncio
import select
import time
from contextlib import suppress

import uvloop

from bench.generators import control, webhooks
from bench.generators.eventgrid_wire import Manager, event, request
from bench.generators.sqs_raw import Lane, received

ENDPOINTS = 4
AHEAD = 2_000
RATE_MAX_PER_S = 20_000  # so much is prebuilt; all of it sent, the load ends early
POLL_S = 0.05


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.address = (str(parameters["host"]), int(parameters["port"]))
        self.seconds = float(parameters["seconds"])
        self.batch = int(parameters["batch"])
        self.mode = str(parameters["mode"])
        self.schema = str(parameters["schema"])
        self.pad = "x" * int(parameters["size_bytes"])
        self.topic = str(parameters["topic"])
        self.manager = Manager(*self.address)
        self.connections = int(parameters["connections"])
        count = ENDPOINTS if self.mode == "deliver" else 1
        self.topics = [f"{self.topic}-{number}" for number in range(count)]
        for topic in self.topics:
            self.manager.topic(topic, self.schema)
        if self.mode == "deliver":
            self.came: set[int] = set()
            self.news = asyncio.Event()
            batches = int(self.seconds * RATE_MAX_PER_S) // self.batch
            self.prebuilt = [
                self._request(self.topics[number % count], number * self.batch)
                for number in range(batches)
            ]
            self.loop = uvloop.new_event_loop()
            self.loop.run_until_complete(self._shake())

    def run(self) -> control.Result:
        """See the module."""
        if self.mode == "publish":
            return self._publish()
        return self.loop.run_until_complete(self._deliver())

    def _events(self, first: int) -> list[dict[str, object]]:
        """A batch with numbers from there on, as due times: each is another."""
        return [
            event(self.schema, number, {"due": f"{number}", "pad": self.pad})
            for number in range(first, first + self.batch)
        ]

    def _request(self, topic: str, first: int) -> bytes:
        host = f"{self.address[0]}:{self.address[1]}"
        return request(host, topic, self.schema, self._events(first))

    # --- publish ---

    def _publish(self) -> control.Result:
        sent = self._request(self.topics[0], 0)
        lanes = [Lane(self.address) for _ in range(self.connections)]
        by_number = {lane.sock.fileno(): lane for lane in lanes}
        poll = select.epoll()
        start = time.perf_counter()
        end = start + self.seconds
        for lane in lanes:
            poll.register(lane.sock.fileno(), select.EPOLLIN)
            lane.sock.sendall(sent)
        busy, requests = len(lanes), 0
        while busy:
            for number, _ in poll.poll(POLL_S):
                lane = by_number[number]
                if lane.answers.feed(received(lane.sock)) is None:
                    continue
                requests += 1
                if time.perf_counter() < end:
                    lane.sock.sendall(sent)
                else:
                    busy -= 1
            if time.perf_counter() > end + control.OVERTIME_MAX_S:
                raise control.LoadFailedError("answers are missing")
        elapsed_s = time.perf_counter() - start
        count = requests * self.batch
        stored = self.manager.stored(self.topics[0])
        if stored != count:
            raise control.LoadFailedError(f"{stored} events where {count} should be")
        return {"count": count, "rate": count / elapsed_s, "requests_per_s": requests / elapsed_s}

    # --- deliver ---

    async def _shake(self) -> None:
        """The webhooks are there, and have agreed."""

        def seen(due: list[bytes], now_ns: int) -> None:
            self.came.update(map(int, due))
            self.news.set()

        _, port, _ = await webhooks.serve(seen, [])
        await asyncio.to_thread(self._subscribe, port)

    def _subscribe(self, port: int) -> None:
        for number, topic in enumerate(self.topics):
            self.manager.subscribe(topic, "hook", f"http://127.1.0.{1 + number}:{port}/hook")
        for topic in self.topics:
            self.manager.wait_shaken(topic, 1)

    async def _deliver(self) -> control.Result:
        reader, writer = await asyncio.open_connection(*self.address)
        start = time.perf_counter()
        end = start + self.seconds
        sent = 0
        for data in self.prebuilt:
            await self._have(sent - AHEAD, end)
            if time.perf_counter() >= end:
                break
            writer.write(data)
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head[:16]:
                raise control.LoadFailedError(f"answered {head!r}")
            sent += self.batch
        await self._have(sent, end + control.OVERTIME_MAX_S)
        elapsed_s = time.perf_counter() - start
        writer.close()
        if len(self.came) != sent:
            raise control.LoadFailedError(f"{len(self.came)} of {sent} events came")
        return {"count": sent, "rate": sent / elapsed_s}

    async def _have(self, count: int, end: float) -> None:
        """Until so many events have come, or it is time."""
        while len(self.came) < count and time.perf_counter() < end:
            self.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), POLL_S)

    def clean(self) -> None:
        """The topics go."""
        for topic in self.topics:
            self.manager.delete(topic)


if __name__ == "__main__":
    control.serve(Load)
