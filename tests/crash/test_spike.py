"""A spike: publishers send ten times what consumers take, on a broker that may have 512 MB of memory.

    quiet     publishers send what consumers take, each confirm is timed
    spike     ten times that, each confirm is timed, resident memory is looked at
    drain     consumers take what is left, and look whether all of it is there, in order

No publish may be refused, nothing lost; memory is flat after five seconds, and the slow end of the confirms (p99) is no
more than five times what it was when all was quiet. Of these only the last one depends on who else uses the machine: it
may be measured twice.
"""

import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from bench.generators.amqp_wire import ACK_FRAME, AmqpSocket, ConfirmCount
from tests.crash.broker import BrokerProcess

from bench.generators import amqp_wire

QUEUE = "spike"
MEMORY_BYTES_MAX = 512 << 20
BODY_BYTES = 2_000
TAKEN_PER_S = 800
QUIET_S = 20.0
SPIKE_S = 60.0
SETTLE_S = 5.0
FLAT_BYTES = 16 << 20
TICK_S = 0.005
PREFETCH = 200
P99_GROWTH_MAX = 5.0
P99_FLOOR_S = 0.02  # below that it is the disk and the scheduler that are compared
ATTEMPTS = 2
DRAIN_S_MAX = 90.0
CGROUP = Path("/sys/fs/cgroup/memory")


@contextlib.contextmanager
def limited(pid: int) -> Iterator[bool]:
    """A memory limit on a process, where the system lets us set one; whether it did."""
    group = CGROUP / f"dragoman-{os.getpid()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(MEMORY_BYTES_MAX))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        (CGROUP / "cgroup.procs").write_text(str(pid)) if psutil.pid_exists(pid) else None
        with contextlib.suppress(OSError):
            group.rmdir()


class Publisher:
    """Sends numbered messages at a rate, and times their confirms."""

    def __init__(self, port: int) -> None:
        self.amqp = AmqpSocket.connect("127.0.0.1", port)
        self.amqp.declare(QUEUE, durable=True)
        self.amqp.confirm_select()
        self.sent = 0
        self.confirms = ConfirmCount()
        self._rest = b""
        self._ticks: deque[tuple[int, float]] = (
            deque()
        )  # last number of each tick, and when it was sent

    def run(self, per_s: int, seconds: float) -> list[float]:
        """The confirm times of each tick's last message, seconds."""
        times: list[float] = []
        per_tick = max(int(per_s * TICK_S), 1)
        start = time.monotonic()
        ticks = 0
        while (now := time.monotonic()) - start < seconds or self._ticks:
            if now - start < seconds and now - start >= ticks * TICK_S:
                self._send(per_tick, now)
                ticks += 1
            times += self._receive(TICK_S / 4)
        return times

    def _send(self, count: int, now: float) -> None:
        filler = b"s" * (BODY_BYTES - 8)
        data = b"".join(
            amqp_wire.publish(QUEUE, number.to_bytes(8, "big") + filler, 2)
            for number in range(self.sent, self.sent + count)
        )
        self.sent += count
        self._ticks.append((self.sent, now))
        view = memoryview(data)
        while view:
            _, writable, _ = select.select([], [self.amqp.sock], [], 0.001)
            if writable:
                view = view[self.amqp.sock.send(view, 0x40) :]  # MSG_DONTWAIT
            else:
                self._receive(0)

    def _receive(self, wait_s: float) -> list[float]:
        readable, _, _ = select.select([self.amqp.sock], [], [], wait_s)
        if not readable:
            return []
        self._rest += self.amqp.sock.recv(1 << 16)
        whole = len(self._rest) // ACK_FRAME.size * ACK_FRAME.size
        self.confirms.feed(self._rest[:whole])  # raises on anything but an ack: a refusal
        self._rest = self._rest[whole:]
        now = time.monotonic()
        times = []
        while self._ticks and self._ticks[0][0] <= self.confirms.floor:
            times.append(now - self._ticks.popleft()[1])
        return times


class Consumer(threading.Thread):
    """Takes messages at a rate until told otherwise, and looks that each is the next."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.amqp = AmqpSocket.connect("127.0.0.1", port)
        self.amqp.declare(QUEUE, durable=True)
        self.taken = 0
        self.per_s: float | None = TAKEN_PER_S
        self.wrong = ""
        self.is_ending = False

    def run(self) -> None:
        try:
            self.amqp.consume(QUEUE, "c", prefetch=PREFETCH, no_ack=False)
            start, base = time.monotonic(), 0
            while not self.is_ending:
                while self.per_s and self.taken - base > (time.monotonic() - start) * self.per_s:
                    time.sleep(TICK_S)
                self._take()
        except (OSError, amqp_wire.AmqpError) as error:
            self.wrong = self.wrong or ("" if self.is_ending else repr(error))

    def _take(self) -> None:
        body = b""
        while len(body) < BODY_BYTES:
            kind, payload = self.amqp.receive_frame()
            body += payload if kind == amqp_wire.BODY else b""
        number = int.from_bytes(body[:8], "big")
        if number != self.taken:
            self.wrong = f"{self.taken} expected, {number} came"
            self.is_ending = True
        self.taken += 1
        if self.taken % 20 == 0:
            self.amqp.sock.sendall(amqp_wire.ack(self.taken, multiple=True))


class Watch(threading.Thread):
    """Looks at a process's memory ten times a second."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self.sizes: list[tuple[float, int]] = []
        self.start_s = time.monotonic()

    def run(self) -> None:
        with contextlib.suppress(psutil.Error):
            while True:
                size: int = self._process.memory_info().rss
                self.sizes.append((time.monotonic() - self.start_s, size))
                time.sleep(0.1)

    def peak(self, low_s: float, high_s: float) -> int:
        return max(size for at, size in self.sizes if low_s <= at < high_s)


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


@dataclass(frozen=True)
class Found:
    """What a spike came to."""

    said: str
    quiet_p99_s: float
    spike_p99_s: float

    @property
    def is_slow(self) -> bool:
        return self.spike_p99_s > max(P99_GROWTH_MAX * self.quiet_p99_s, P99_FLOOR_S)


def spike(folder: Path) -> Found:
    """Run it, judge all but the confirms' times, say what was measured."""
    folder.mkdir()
    with BrokerProcess(folder / "data") as broker:
        broker.start()
        with limited(broker.pid) as is_limited:
            publisher, consumer = Publisher(broker.port), Consumer(broker.port)
            consumer.start()
            quiet = publisher.run(TAKEN_PER_S, QUIET_S)
            watch = Watch(broker.pid)
            watch.start()
            busy = publisher.run(10 * TAKEN_PER_S, SPIKE_S)
            lasted_s = time.monotonic() - watch.start_s
            consumer.per_s = None
            drain(consumer, publisher.sent)
            drained_s = time.monotonic() - watch.start_s - lasted_s
            middle_s = SETTLE_S + (lasted_s - SETTLE_S) / 2
            spans = ((0.0, 1e9), (SETTLE_S, middle_s), (middle_s, lasted_s))
            peak, first, second = (watch.peak(*span) for span in spans)
            broker.kill()
        publisher.amqp.sock.close()
        consumer.amqp.sock.close()
    said = (
        f"{publisher.sent} sent at {10 * TAKEN_PER_S}/s for {lasted_s:.0f} s, drained in {drained_s:.1f} s; "
        f"p99 confirm quiet {p99(quiet) * 1000:.1f} ms, spike {p99(busy) * 1000:.1f} ms; "
        f"memory at most {peak >> 20} MB, after {SETTLE_S:.0f} s {first >> 20}, then {second >> 20} MB; "
        f"limit {'by cgroup' if is_limited else 'NOT ENFORCED, only looked at'}"
    )
    assert consumer.wrong == "", said
    assert publisher.confirms.floor == publisher.sent, said
    assert peak < MEMORY_BYTES_MAX, said
    assert second < first + FLAT_BYTES, said
    return Found(said, p99(quiet), p99(busy))


def drain(consumer: Consumer, count: int) -> None:
    """Wait until the consumer has taken all there is, or has something to complain of."""
    give_up = time.monotonic() + DRAIN_S_MAX
    while consumer.taken < count and not consumer.wrong:
        assert time.monotonic() < give_up, f"{consumer.taken} of {count} came"
        time.sleep(0.05)
    consumer.is_ending = True


@pytest.mark.crash
@pytest.mark.timeout(400)
def test_a_spike_of_a_minute_is_taken_and_drained_in_order(tmp_path: Path, capsys: Any) -> None:
    runs: list[Found] = []
    while len(runs) < ATTEMPTS and (not runs or runs[-1].is_slow):
        runs.append(spike(tmp_path / str(len(runs))))
        with capsys.disabled():
            print(f"\n{runs[-1].said}")
    assert not runs[-1].is_slow, [run.said for run in runs]
