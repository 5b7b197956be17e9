"""Live webhooks beside ten thousand that die: does an event to the live ones take longer?

`bad` endpoints, each an address of 127.0.0.0/8 with a subscription of its own, agree to get events as all others do.
Calm: only the topic of the LIVE webhooks gets events, on a fixed schedule, each from its due time to its receipt. Then
half of the bad ones are gone and refuse, half accept and never answer; within SPREAD_S each is sent an event, which is
tried again on Event Grid's schedule. Storm: the live ones as before, all the while.

Parameters: host, port, bad, seconds (of calm, and of storm).
"""

import json
import subprocess
import sys
import time
from typing import Any

from bench.generators import control
from bench.generators.eventgrid_wire import CLOUD, Manager, event, request
from bench.generators.sqs_raw import Lane

LIVE = 20
RATE_PER_S = 25
PER_TOPIC = 20  # bad endpoints to each event
SPREAD_S = 15.0
WARM_UP_S = 2.0
LAST_S = 1.0  # the last events take so long at most
BETWEEN_S = 0.005  # two live ones there is time for a bad one
SIZE_BYTES = 1_024
NS_DIGITS = 20


class Webhooks:
    """The endpoints' process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.generators.webhooks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports: dict[str, int] = self._line()

    def _line(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def ask(self, word: str) -> Any:
        """See `webhooks`."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> None:
        """It goes."""
        self._process.kill()
        self._process.wait()


def address(number: int) -> str:
    """One of 127.0.0.0/8, a different one for each number."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.address = (str(parameters["host"]), int(parameters["port"]))
        self.seconds = float(parameters["seconds"])
        self.manager = Manager(*self.address)
        self.webhooks = Webhooks()
        ports = self.webhooks.ports
        self._topic("live", [(number, ports["live"]) for number in range(LIVE)])
        bad = range(1_000, 1_000 + int(parameters["bad"]))
        pairs = [(number, ports["refusing" if number % 2 else "silent"]) for number in bad]
        self.bad = [f"bad{at}" for at in range(0, len(pairs), PER_TOPIC)]
        for topic, at in zip(self.bad, range(0, len(pairs), PER_TOPIC), strict=True):
            self._topic(topic, pairs[at : at + PER_TOPIC])
        for topic, at in zip(self.bad, range(0, len(pairs), PER_TOPIC), strict=True):
            self.manager.wait_shaken(topic, len(pairs[at : at + PER_TOPIC]))
        self.manager.wait_shaken("live", LIVE)
        self._live(WARM_UP_S)

    def _topic(self, name: str, endpoints: list[tuple[int, int]]) -> None:
        self.manager.topic(name, CLOUD)
        for number, port in endpoints:
            self.manager.subscribe(name, f"hook{number}", f"http://{address(number)}:{port}/hook")

    def _send(self, topic: str, due_ns: int) -> None:
        told = {"due": f"{due_ns:0{NS_DIGITS}}", "pad": "x" * SIZE_BYTES}
        host = f"{self.address[0]}:{self.address[1]}"
        self.lane.ask(request(host, topic, CLOUD, [event(CLOUD, due_ns % 10**12, told)]))

    def _live(self, seconds: float, bad: list[str] | None = None) -> list[int]:
        """What the live ones' events took, in us; the bad topics get one each, spread over the beginning."""
        self.lane = Lane(self.address)  # one that idled through the set-up is closed by now
        waiting = list(bad or ())
        every_s = SPREAD_S / max(len(waiting), 1)
        self.webhooks.ask("take")
        start_ns = time.monotonic_ns()
        sent = 0
        while sent < int(seconds * RATE_PER_S):
            due_ns = start_ns + int(sent * 1e9 / RATE_PER_S)
            wait_s = (due_ns - time.monotonic_ns()) / 1e9
            if waiting and wait_s > BETWEEN_S:
                elapsed_s = (time.monotonic_ns() - start_ns) / 1e9
                if elapsed_s >= (len(self.bad) - len(waiting)) * every_s:
                    self._send(waiting.pop(), 0)
                    continue
            time.sleep(max(min(wait_s, BETWEEN_S), 0))
            if time.monotonic_ns() >= due_ns:
                self._send("live", due_ns)
                sent += 1
        time.sleep(LAST_S)
        found: list[int] = sorted(self.webhooks.ask("take"))
        if len(found) < sent * LIVE:
            raise control.LoadFailedError(f"{len(found)} of {sent * LIVE} events came")
        if waiting:
            raise control.LoadFailedError(f"{len(waiting)} topics got no event in time")
        return found

    def run(self) -> control.Result:
        """Calm, then storm."""
        calm = self._live(self.seconds)
        self.webhooks.ask("silence")
        self.webhooks.ask("refuse")
        storm = self._live(self.seconds, self.bad)
        p50, p99, calm_p99 = (
            found[int(len(found) * share)]
            for found, share in ((storm, 0.5), (storm, 0.99), (calm, 0.99))
        )
        return {
            "p50_us": p50,
            "p99_us": p99,
            "calm_p99_us": calm_p99,
            "p99_ratio": p99 / calm_p99,
            "deliveries": len(storm),
        }

    def clean(self) -> None:
        """The endpoints end; the broker is thrown away."""
        self.webhooks.end()


if __name__ == "__main__":
    control.serve(Load)
