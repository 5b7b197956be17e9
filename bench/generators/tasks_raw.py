"""Cloud Tasks load: raw gRPC on one connection, and the target of the tasks in the same process.

| mode     | what happens                                                                                  |
|----------|-----------------------------------------------------------------------------------------------|
| create   | CreateTask with `window` calls under way, into a queue that is paused                             |
| dispatch | COUNT tasks, created before in QUEUES queues that were paused, come to one target                 |
| pace     | a queue at RATE a second that always has tasks: how far what came in PACE_S is from what it may send |
| due      | a task every DUE_STEP_MS: from its schedule_time to its arrival                                   |
| schedule | CreateTask of `count` tasks due tomorrow; they stay                                               |

Every answer must be OK; what is dispatched must come once.

Parameters: host, port, mode, window, seconds, queue, count.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import uvloop
from google.cloud.tasks_v2 import types
from google.protobuf.timestamp_pb2 import Timestamp

from bench import measure
from bench.generators import control, webhooks
from bench.generators.grpc_wire import Call, Channel

SERVICE = "/google.cloud.tasks.v2.CloudTasks/"
PARENT = "projects/default/locations/local"
COUNT = 16_000
QUEUES = 8
RATE = 500
PACE_S = 30.0
BURST = 100
DUE_TASKS = 100
DUE_STEP_MS = 50
DUE_AHEAD_S = 1.0
TOMORROW_S = 86_400
BODY = b"x" * 256
STEP_S = 0.01
_Create = types.CreateTaskRequest.pb()


class Target:
    """Takes requests on a thread of its own; `times_ns` are when they came, `late_ns` how long after they were due."""

    def __init__(self) -> None:
        self.times_ns: list[int] = []
        self.late_ns: list[int] = []
        started = threading.Event()
        self.port = 0

        async def main() -> None:
            _, self.port, _ = await webhooks.serve(self._seen, [])
            started.set()
            await asyncio.Event().wait()

        loop = uvloop.new_event_loop()
        run: Callable[[], Any] = lambda: loop.run_until_complete(main())  # noqa: E731
        threading.Thread(target=run, daemon=True).start()
        started.wait()

    def _seen(self, due: list[bytes], now_ns: int) -> None:
        self.times_ns.append(now_ns)
        self.late_ns += [now_ns - int(each) for each in due]

    def wait(self, count: int, seconds: float) -> None:
        """Until so many came. Raises LoadFailedError."""
        end = time.monotonic() + seconds
        while len(self.times_ns) < count:
            if time.monotonic() > end:
                raise control.LoadFailedError(f"{len(self.times_ns)} of {count} came")
            time.sleep(STEP_S)


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.mode = str(parameters["mode"])
        self.window = int(parameters.get("window", 1))
        self.seconds = float(parameters.get("seconds") or 0)
        self.count = int(parameters.get("count") or 0)
        self.channel = Channel((str(parameters["host"]), int(parameters["port"])))
        self.target = Target() if self.mode in {"dispatch", "pace", "due"} else None
        port = self.target.port if self.target else 9
        self.url = f"http://127.0.0.1:{port}/"
        name = str(parameters["queue"])
        many = QUEUES if self.mode == "dispatch" else 1
        self.queues = [f"{PARENT}/queues/{name}-{at}" for at in range(many)]
        self.is_kept = self.mode == "schedule"
        for queue in self.queues:
            made = types.CreateQueueRequest(parent=PARENT, queue=types.Queue(name=queue))
            self._ask("CreateQueue", types.CreateQueueRequest.serialize(made))
            if self.mode in {"create", "dispatch", "pace"}:
                self._ask("PauseQueue", _named(queue))
        if self.mode == "dispatch":
            self._fill(COUNT)
        elif self.mode == "pace":
            self._fill(int(RATE * PACE_S) + 2 * BURST)

    def _ask(self, method: str, message: bytes) -> bytes:
        return self.channel.ask(f"{SERVICE}{method}", message)

    def _request(self, queue: str, body: bytes = BODY, due_ns: int = 0) -> bytes:
        request = _Create(parent=queue)
        request.task.http_request.url = self.url
        request.task.http_request.body = body
        if due_ns:
            request.task.schedule_time.CopyFrom(
                Timestamp(seconds=due_ns // 10**9, nanos=due_ns % 10**9)
            )
        return bytes(request.SerializeToString())

    def _fill(self, count: int) -> None:
        calls = [Call(f"{SERVICE}CreateTask", self._request(queue)) for queue in self.queues]
        self._create(lambda at: calls[at % len(calls)] if at < count else None, window=64)

    def _create(self, call_of: Callable[[int], Call | None], window: int) -> int:
        """Calls until there are none; how many."""
        begun = under_way = 0
        call = call_of(0)
        while call is not None or under_way:
            while call is not None and under_way < window and self.channel.room > call.size:
                self.channel.begin(call)
                begun += 1
                under_way += 1
                call = call_of(begun)
            if under_way:
                under_way -= sum(ends for _, _, _, ends in self.channel.events())
        return begun

    def run(self) -> control.Result:
        """See the module."""
        return {
            "create": self._run_create,
            "schedule": self._run_schedule,
            "dispatch": self._run_dispatch,
            "pace": self._run_pace,
            "due": self._run_due,
        }[self.mode]()

    def _run_create(self) -> control.Result:
        call = Call(f"{SERVICE}CreateTask", self._request(self.queues[0]))
        start = time.perf_counter()
        end = start + self.seconds
        count = self._create(lambda _: call if time.perf_counter() < end else None, self.window)
        return {"count": count, "rate": count / (time.perf_counter() - start)}

    def _run_schedule(self) -> control.Result:
        due_ns = time.time_ns() + TOMORROW_S * 10**9
        call = Call(f"{SERVICE}CreateTask", self._request(self.queues[0], due_ns=due_ns))
        start = time.perf_counter()
        count = self._create(lambda at: call if at < self.count else None, self.window)
        return {"count": count, "rate": count / (time.perf_counter() - start)}

    def _run_dispatch(self) -> control.Result:
        assert self.target is not None
        start = time.perf_counter()
        for queue in self.queues:
            self._ask("ResumeQueue", _named(queue))
        self.target.wait(COUNT, control.OVERTIME_MAX_S)
        return {"count": COUNT, "rate": COUNT / (time.perf_counter() - start)}

    def _run_pace(self) -> control.Result:
        assert self.target is not None
        self._ask("ResumeQueue", _named(self.queues[0]))
        self.target.wait(BURST, control.OVERTIME_MAX_S)
        start_ns = self.target.times_ns[BURST - 1]
        time.sleep(PACE_S)
        until_ns = start_ns + int(PACE_S * 10**9)
        came = sum(start_ns < each <= until_ns for each in self.target.times_ns)
        wanted = RATE * PACE_S
        return {"count": came, "rate": came / PACE_S, "off_share": abs(came - wanted) / wanted}

    def _run_due(self) -> control.Result:
        assert self.target is not None
        self._ask("CreateTask", self._request(self.queues[0]))
        self.target.wait(1, control.OVERTIME_MAX_S)  # what sends is loaded, the target is known
        ahead_ns = int(DUE_AHEAD_S * 10**9)
        wall_ns, mono_ns = time.time_ns(), time.monotonic_ns()
        for at in range(DUE_TASKS):
            later_ns = (ahead_ns + at * DUE_STEP_MS * 10**6) // 10**6 * 10**6
            due_ns = (wall_ns + later_ns) // 10**6 * 10**6
            body = b'{"due": "%d"}' % (mono_ns + due_ns - wall_ns)
            self._ask("CreateTask", self._request(self.queues[0], body, due_ns))
        self.target.wait(DUE_TASKS, control.OVERTIME_MAX_S)
        late_us = sorted(
            each / 1_000 for each in self.target.late_ns[1:]
        )  # the first loads modules
        if late_us[0] < 0:
            raise control.LoadFailedError(f"one came {-late_us[0]} us before its time")
        p50_us, p99_us = (measure.percentile(late_us, share) for share in (0.5, 0.99))
        return {"count": DUE_TASKS, "p50_us": p50_us, "p99_us": p99_us}

    def clean(self) -> None:
        """The queues go."""
        for queue in () if self.is_kept else self.queues:
            self._ask("DeleteQueue", _named(queue))


def _named(name: str) -> bytes:
    """Of every request that has a name alone."""
    return b"\x0a" + bytes([len(name)]) + name.encode()


if __name__ == "__main__":
    control.serve(Load)
