"""Runs scenarios: rounds alternate between the targets, one generator run at a time.

    for each scenario
        for each round                      the order of targets turns round every time
            for each target                 start lazily, keep running while scenarios need it
                generators ready -> read usage -> go -> result -> settle -> read usage -> stop

A target that cannot be had is said loudly once and reads 'not compared'; one that fails a round
keeps its other rounds; one that died is started anew.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import measure
from bench.lifecycle import LIFE, LifeOptions
from bench.peers import PEERS, Peer, PeerUnavailableError
from bench.scenarios import ELASTICMQ, GOOGLE, KAFKA, Group, Half, Kind, Scenario, choose

REPOSITORY = Path(__file__).resolve().parents[1]
SETTLE_S = 0.2  # work put off by a broker still counts
HALVES_APART_S = 0.3  # a consumer is listening before its producer starts
STDERR_TAIL_CHARS = 600
# Before a round: wait this long at most for strangers (and the last round's afterwork) to end.
PATIENCE_S = 3.0
BUSY_SHARE_MAX = 0.10
# Java compiles while it runs: what is written in it gets these loads when it starts, and an unmeasured
# round of every scenario, so that it is compared as warm as its users' servers are.
WARM_UP_LOADS = {
    KAFKA: ("kafka/single/4c", "kafka/produce/16KiB/1c", "kafka/fetch/1c"),
    ELASTICMQ: ("sqs/send/8c", "sqs/send-batch/8c", "sqs/receive/8c"),
    GOOGLE: ("pubsub/publish-100/1KiB/1c",),
}
WARM_UP_ROUNDS = {KAFKA: 1, ELASTICMQ: 1, GOOGLE: 1}
WARM_UP_S = 5.0

Say = Callable[[str], None]
Figures = dict[str, float]


class GeneratorError(RuntimeError):
    """A generator ended without a result, or with an error."""


class GeneratorProcess:
    """One generator, from its start to its end."""

    def __init__(self, half: Half, endpoint: tuple[str, int], told: dict[str, Any]) -> None:
        self.half = half
        parameters = {**half.parameters, "host": endpoint[0], "port": endpoint[1], **told}
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"bench.generators.{half.module}", json.dumps(parameters)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line or line.startswith('{"error"'):
            told = json.loads(line)["error"] if line else self._stderr()
            raise GeneratorError(told)
        return line

    def _stderr(self) -> str:
        self._process.kill()
        assert self._process.stderr is not None
        return self._process.stderr.read()[-STDERR_TAIL_CHARS:] or "ended without a word"

    def wait_ready(self) -> None:
        """Block until it has connected and prebuilt."""
        if self._line() != "ready":
            raise GeneratorError("did not say ready")

    def say(self, word: str) -> None:
        """Send a word."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """Block until the load has run; its result."""
        found: dict[str, Any] = json.loads(self._line())
        return found

    def end(self) -> None:
        """Let it clean up and end, or end it."""
        try:
            self.say("stop")
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue


def generate(peer: Peer, halves: tuple[Half, ...], told: dict[str, Any]) -> Figures:
    """Run one load against a running peer; its figures with the peer's cost."""
    generators: list[GeneratorProcess] = []
    try:
        for half in halves:
            generators.append(GeneratorProcess(half, peer.endpoint(half.protocol), told))
            generators[-1].wait_ready()
        measure.wait_quiet(busy_share_max=BUSY_SHARE_MAX, patience_s=PATIENCE_S)
        pids = peer.pids
        measure.rss_peak_reset(pids)
        before = measure.usage(pids[:1])
        for place, generator in enumerate(sorted(generators, key=lambda one: one.half.sends)):
            time.sleep(HALVES_APART_S if place else 0.0)
            generator.say("go")
        merged: Figures = {}
        for generator in generators:
            result = generator.result()
            busiest = max(merged.get("generator_cpu", 0.0), result["generator_cpu"])
            merged |= {**result, "generator_cpu": busiest}
        time.sleep(SETTLE_S)
        spent = measure.usage(pids[:1]).since(before)
        peak = measure.rss_peak_mb(pids[:1])
    finally:
        for generator in generators:
            generator.end()
    return merged | cost(merged, spent, peak)


def cost(result: Figures, spent: measure.Usage, rss_peak_mb: float) -> Figures:
    """The broker's cost per message and megabyte, and how much the machine did besides."""
    found = {"broker_cpu_s": spent.cpu_s, "rss_peak_mb": rss_peak_mb}
    if result.get("count"):
        found["cpu_us_per_message"] = spent.cpu_s * 1e6 / result["count"]
    if result.get("megabytes"):
        found["cpu_ms_per_mb"] = spent.cpu_s * 1e3 / result["megabytes"]
    ours = spent.cpu_s + result.get("generator_cpu", 0.0) * (spent.at_s - SETTLE_S)
    found["broker_share"] = spent.cpu_s / max(spent.at_s - SETTLE_S, 1e-9)  # of a core
    found["foreign_cpu"] = max(0.0, spent.machine_busy_s - ours) / (spent.at_s * measure.CORES)
    return found


@dataclass(slots=True)
class Outcome:
    """All rounds of one scenario at one target."""

    rounds: list[Figures] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    not_compared: str = ""  # why there is no round at all


class Runner:
    """Keeps the targets running and runs scenarios on them."""

    def __init__(
        self, targets: list[str], *, rounds: int, seconds: float, life: LifeOptions, say: Say
    ) -> None:
        self.targets = targets
        self.rounds = rounds
        self.seconds = seconds
        self.versions: dict[str, dict[str, str]] = {}
        self.unavailable: dict[str, str] = {}
        self._life = life
        self._say = say
        self._running: dict[str, Peer] = {}
        self._names = 0

    def run(self, scenarios: list[Scenario]) -> dict[str, dict[str, Outcome]]:
        """Every scenario in turn; results by scenario and target."""
        found: dict[str, dict[str, Outcome]] = {}
        try:
            for place, scenario in enumerate(scenarios):
                self._say(f"[{place + 1}/{len(scenarios)}] {scenario.name}")
                found[scenario.name] = self._run_one(scenario)
                self._stop_unneeded(scenarios[place + 1 :])
        finally:
            for peer in self._running.values():
                peer.discard()
            self._running.clear()
        return found

    def _run_one(self, scenario: Scenario) -> dict[str, Outcome]:
        outcomes = {name: Outcome() for name in scenario.targets if name in self.targets}
        rounds = min(self.rounds, scenario.rounds_max or self.rounds)
        order = list(outcomes)
        if scenario.kind is not Kind.LIFE:
            for name in order:
                for _ in range(WARM_UP_ROUNDS.get(name, 0)):
                    self._round(scenario, name, Outcome())
        for _ in range(rounds):
            for name in order:
                self._round(scenario, name, outcomes[name])
            order.reverse()
        return outcomes

    def _round(self, scenario: Scenario, name: str, outcome: Outcome) -> None:
        """One round at one target; what goes wrong is kept, not raised."""
        if name in self.unavailable:
            outcome.not_compared = self.unavailable[name]
            return
        try:
            if scenario.kind is Kind.LIFE:
                figures = self._life_round(scenario, name)
            else:
                figures = generate(self._peer(name), scenario.halves, self._told())
        except PeerUnavailableError as error:
            self._give_up_on(name, str(error))
            outcome.not_compared = self.unavailable[name]
        except (GeneratorError, OSError, RuntimeError) as error:
            self._say(f"    {name}: FAILED {error}")
            outcome.errors.append(str(error)[:STDERR_TAIL_CHARS])
            self._drop(name)
        else:
            outcome.rounds.append(figures)
            self._say(f"    {name}: {brief(figures)}")

    def _told(self) -> dict[str, Any]:
        self._names += 1
        name = f"bench-{self._names}"
        return {"seconds": self.seconds, "queue": name, "topic": name}

    def _life_round(self, scenario: Scenario, name: str) -> Figures:
        """Life scenarios own their broker: a fresh one each, while the others are stopped."""
        self._drop(name)
        peer = PEERS[name]()
        try:
            figures = LIFE[scenario.name](peer, self._life, generate)
            self.versions[name] = {"version": peer.version, "build": peer.build}
            return figures
        finally:
            peer.discard()

    def _peer(self, name: str) -> Peer:
        peer = self._running.get(name)
        if peer is not None and peer.alive:
            return peer
        self._drop(name)
        peer = PEERS[name]()
        self._running[name] = peer
        peer.start()
        self.versions[name] = {"version": peer.version, "build": peer.build}
        self._say(f"    {name} {peer.version} ({peer.build}) ready after {peer.ready_s:.2f} s")
        if name in WARM_UP_LOADS:
            for scenario in choose(group=Group.FULL, only=list(WARM_UP_LOADS[name])):
                generate(peer, scenario.halves, {**self._told(), "seconds": WARM_UP_S})
        return peer

    def _give_up_on(self, name: str, reason: str) -> None:
        self.unavailable[name] = reason
        self._drop(name)
        self._say(f"    {'!' * 20} {name} NOT AVAILABLE, nothing is compared with it: {reason}")

    def _drop(self, name: str) -> None:
        peer = self._running.pop(name, None)
        if peer is not None:
            peer.discard()

    def _stop_unneeded(self, rest: list[Scenario]) -> None:
        needed = {name for s in rest if s.kind is not Kind.LIFE for name in s.targets}
        for name in [name for name in self._running if name not in needed]:
            self._drop(name)


def brief(figures: Figures) -> str:
    """A round on one line."""
    shown = (
        ("rate", "{:,.0f}/s"),
        ("mb_per_s", "{:.0f} MB/s"),
        ("cpu_us_per_message", "{:.1f} us CPU/msg"),
        ("cpu_ms_per_mb", "{:.2f} ms CPU/MB"),
        ("p50_us", "p50 {:.0f} us"),
        ("p99_us", "p99 {:.0f} us"),
        ("ready_s", "ready {:.2f} s"),
        ("rss_idle_mb", "idle {:.0f} MB"),
        ("rss_peak_mb", "peak {:.0f} MB"),
        ("broker_share", "broker {:.0%}"),
        ("generator_cpu", "generator {:.0%}"),
        ("foreign_cpu", "others {:.0%}"),
    )
    return ", ".join(form.format(figures[key]) for key, form in shown if key in figures)
