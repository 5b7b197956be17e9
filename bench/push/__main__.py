"""`python -m bench.push [--bad N] [--seconds S] [--rounds N]`: what pushing costs, and what bad endpoints cost.

    rate    4 live webhooks, 1 KiB a message, one message a request: deliveries a second, and CPU of each
    calm    20 live webhooks, each message to all of them, on a fixed schedule: latency from due time to receipt
    storm   the same, while N more endpoints on addresses of 127.0.0.0/8, half refusing, half accepting and never
            answering, are first pushed to, and retried: rounds follow each other without a pause

Latencies of calm and storm are taken in the same run; the goal is a ratio of p99 of 1.2 at most.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import Any

from bench import measure
from bench.lock import single_bench

ROOT = Path(__file__).resolve().parents[2]
FLOOD = 30_000
RATE_PER_S = 25
LIVE = 20
PER_STREAM = 20
RATIO_MAX = 1.2
PER_CORE_MIN = 3_000
SPREAD_S = 20.0  # the first messages of all bad endpoints are published within that time


class Process:
    """One of ours: told a line of JSON, answers a line of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def hear(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def say(self, told: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()

    def ask(self, told: object) -> Any:
        self.say(told)
        return self.hear()

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def address(number: int) -> str:
    """One of 127.0.0.0/8, a different one for each number."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}"


def rate(broker: Process, receiver: Process, port: int) -> None:
    """Print what one delivery costs."""
    urls = [f"http://{address(number)}:{port}/hook" for number in range(4)]
    broker.ask({"subscribe": "flood", "urls": urls})
    broker.ask({"flood": "flood", "count": 500})
    receiver.ask("take")
    before, began = broker.ask({"cpu": 0}), time.monotonic()
    broker.ask({"flood": "flood", "count": FLOOD // 4})
    spent_s = time.monotonic() - began
    cpu_s = broker.ask({"cpu": 0})["cpu_s"] - before["cpu_s"]
    count = len(receiver.ask("take"))
    print(
        f"rate   {count} deliveries: {count / spent_s:.0f}/s, CPU {cpu_s / count * 1e6:.0f} us each,"
        f" {count / cpu_s:.0f}/s per core (goal: {PER_CORE_MIN} at least)"
    )


def latencies(broker: Process, receiver: Process, seconds: float) -> list[float]:
    """Of the live ones, in ms."""
    receiver.ask("take")
    count = broker.ask({"publish": "live", "rate_per_s": RATE_PER_S, "seconds": seconds})
    time.sleep(0.5)
    found = [us / 1000 for us in receiver.ask("take")]
    assert len(found) >= count * LIVE, (len(found), count)
    return found


def round_of(name: str, broker: Process, receiver: Process, seconds: float) -> list[float]:
    """Print one; its latencies."""
    before = broker.ask({"cpu": 0})
    found = latencies(broker, receiver, seconds)
    after = broker.ask({"cpu": 0})
    share = (after["cpu_s"] - before["cpu_s"]) / seconds
    print(
        f"{name:6} {told(found)}; broker {share:.0%} of a core, {after['rss_mb']:.0f} MB at most;"
        f" under way {after['under_way']}, waiting {after['waiting']}, failed {after['failed']}",
        flush=True,
    )
    return found


def told(found: list[float]) -> str:
    """In words."""
    p50, p99 = measure.percentile(found, 0.5), measure.percentile(found, 0.99)
    return f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {max(found):.0f} ms"


def storm(broker: Process, ports: dict[str, int], bad: int) -> None:
    """Make the bad endpoints, and publish a message to each within SPREAD_S."""
    refusing = 1  # tcpmux: nobody listens
    streams = max(bad // PER_STREAM, 1)
    for stream in range(streams):
        numbers = range(1_000 + stream * PER_STREAM, 1_000 + (stream + 1) * PER_STREAM)
        urls = [
            f"http://{address(number)}:{refusing if number % 2 else ports['silent']}/hook"
            for number in numbers
        ]
        broker.ask({"subscribe": f"bad{stream}", "urls": urls})


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.push", description=__doc__)
    parser.add_argument("--bad", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each round")
    parser.add_argument("--rounds", type=int, default=4, help="of each, calm and storm")
    parsed = parser.parse_args()
    with single_bench(), tempfile.TemporaryDirectory(prefix="bench-push-") as data:
        receiver = Process("bench.push.receiver")
        broker = Process("bench.push.broker", data)
        try:
            measured(parsed, broker, receiver)
        finally:
            broker.end()
            receiver.end()


def measured(parsed: argparse.Namespace, broker: Process, receiver: Process) -> None:
    """All of it, printed."""
    ports = receiver.hear()
    rate(broker, receiver, ports["live"])
    urls = [f"http://{address(100 + number)}:{ports['live']}/hook" for number in range(LIVE)]
    broker.ask({"subscribe": "live", "urls": urls})
    latencies(broker, receiver, 2.0)  # known to answer, connections open
    calm = [round_of("calm", broker, receiver, parsed.seconds) for _ in range(parsed.rounds)]
    storm(broker, ports, parsed.bad)
    broker.ask({"burst": "bad", "streams": max(parsed.bad // PER_STREAM, 1), "seconds": SPREAD_S})
    stormy = [round_of("storm", broker, receiver, parsed.seconds) for _ in range(parsed.rounds)]
    pooled = [[*chain.from_iterable(rounds)] for rounds in (calm, stormy)]
    print(f"calm   {told(pooled[0])}\nstorm  {told(pooled[1])}")
    before, after = (measure.percentile(found, 0.99) for found in pooled)
    print(f"p99 of all rounds, storm to calm: {after / before:.2f} (goal: {RATIO_MAX} at most)")


if __name__ == "__main__":
    main()
