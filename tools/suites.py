"""Run the project's suites, each within its time budget: `make check`, `make test`, `make test-clients`, `make full`.
The last one has suites of its own besides, too long for every change.

The table below is the only list of suites; HACKING.md shows it and a test compares the two. A suite that takes more
than twice its budget is stopped and fails, whatever its tests say. A suite of official Python clients never skips. A
suite without a single test counts as one skip, so that nobody takes silence for success.

Other people's programs keep their own time: their patience can end on a machine that is busy with something else. In
the suites that drive them a few failed tests are run once more, alone; one that fails again has failed, and one that
passes is named at the end, because it is a test to mend or a fault that is rare.

With DRAGOMAN_TALLY naming a file, counts add up there, suites that it names are not run again, and `closing` prints the
skips with their reasons and one line of counts.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOGS: Final = ROOT / "build" / "suites"
BIN: Final = Path(sys.executable).parent
CLOSING: Final = re.compile(r"\d+ (?:passed|failed|skipped|errors?)\b.* in [\d.]+s")
COUNTS: Final = re.compile(r"(\d+) (passed|failed|skipped|errors?)\b")
FAILURE: Final = re.compile(r"^(?:FAILED|ERROR) (tests\S+::.*)$", re.MULTILINE)
AGAIN: Final = ("--last-failed", "--last-failed-no-failures", "none")
AGAIN_MAX: Final = 3  # more at once are no accident
OVERRUN: Final = 2.0
LAST_WORDS_S: Final = 10.0
TESTS_FAILED: Final = 1
NO_TESTS: Final = 5
WORKERS: Final = "2"


@dataclass(frozen=True)
class Suite:
    """One command with a budget in seconds; `build` says which modules it runs on."""

    name: str
    targets: tuple[str, ...]
    budget_s: int
    build: str
    what: str
    command: tuple[str, ...]
    may_skip: bool = True
    tries: int = 1
    search: str = "ci"  # Hypothesis profile, see tests/conftest.py
    kills: int = (
        2  # at each phase of a transaction and of a rebalance, see tests/crash/test_phases.py
    )

    @property
    def is_pytest(self) -> bool:
        return self.command[0] == "pytest"


def _parallel(marks: str, *paths: str) -> tuple[str, ...]:
    return ("pytest", "-n", WORKERS, "--dist", "loadfile", "-m", marks, *paths)


FAST: Final = "not slow and not clients and not crash"
SLOW: Final = "slow and not clients and not crash"
KERNEL_AND_CODECS: Final = (
    "tests/app",
    "tests/doors",
    "tests/formats",
    "tests/kernel",
    "tests/runtime",
    "tests/wire",
)
SUITES: Final = (
    Suite("format", ("check",), 3, "pure", "ruff format", ("ruff", "format", "--check", ".")),
    Suite("lint", ("check",), 3, "pure", "ruff, every rule but a few", ("ruff", "check", ".")),
    Suite("types", ("check",), 20, "pure", "mypy, strict", ("mypy",)),
    Suite("imports", ("check",), 4, "pure", "who may import whom", ("lint-imports", "--no-logo")),
    Suite(
        "fast",
        ("check", "test"),
        60,
        "pure",
        "every test below a second",
        _parallel(FAST, "tests"),
        search="dev",
    ),
    Suite(
        "slow", ("test",), 240, "pure", "longer simulations and searches", _parallel(SLOW, "tests")
    ),
    Suite(
        "compiled",
        ("test",),
        120,
        "compiled",
        "kernel, codecs, doors",
        _parallel(FAST, *KERNEL_AND_CODECS),
    ),
    Suite(
        "crash",
        ("test",),
        300,
        "compiled",
        "brokers killed",
        ("pytest", "-m", "crash", "tests"),
        tries=2,
    ),
    Suite(
        "clients",
        ("test",),
        300,
        "compiled",
        "official Python clients",
        _parallel("clients", "tests"),
        may_skip=False,
        tries=2,
    ),
    Suite(
        "other-clients",
        ("test-clients",),
        420,
        "compiled",
        "clients of other ecosystems",
        ("pytest", "--timeout", "300", "-m", "", "tests_other"),
        tries=2,
    ),
    Suite(
        "long-lives",
        ("full",),
        3_600,
        "pure",
        "ten times the simulated lives, a million hostile inputs per door",
        ("pytest", "-n", WORKERS, "--timeout", "1800", "tests_long"),
    ),
    Suite(
        "long-kills",
        ("full",),
        1_200,
        "compiled",
        "twenty kills in each phase of a transaction and of a rebalance",
        ("pytest", "-m", "crash", "tests/crash/test_phases.py", "tests/crash/test_groups.py"),
        kills=20,
    ),
    Suite(
        "long-search",
        ("full",),
        7_200,
        "pure",
        "every property with 5,000 examples",
        (*_parallel(FAST, "tests/formats", "tests/wire", "tests/kernel"), "--timeout", "3600"),
        search="nightly",
    ),
)
TARGETS: Final = {
    "check": ("check",),
    "test": ("test",),
    "test-clients": ("test-clients",),
    "full": ("check", "test", "test-clients", "full"),
}


@dataclass
class Tally:
    """What the suites so far have counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    skips: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)
    suites: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: str | None) -> "Tally":
        """From its file, or empty."""
        known = Path(path) if path else None
        return cls(**json.loads(known.read_text())) if known and known.exists() else cls()

    def save(self, path: str | None) -> None:
        """To its file, if there is one."""
        if path:
            Path(path).write_text(json.dumps(asdict(self)))

    def closing(self) -> str:
        """One line."""
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Outcome:
    """How one suite ended: its exit status, None when it was stopped for its time."""

    suite: Suite
    status: int | None
    spent_s: float
    output: str
    unsteady: tuple[str, ...] = ()  # failed, and passed when run again

    def failures(self) -> tuple[str, ...]:
        """Each failed test with its reason, as pytest's summary has it."""
        return tuple(FAILURE.findall(self.output))

    def steadied(self, again: "Outcome") -> "Outcome":
        """What came of it when `again`, a run of the failed tests alone, has passed."""
        spent_s = self.spent_s + again.spent_s
        return Outcome(self.suite, again.status, spent_s, self.output, self.failures())

    def counts(self) -> dict[str, int]:
        """Counts in pytest's closing line."""
        counts = {"passed": 0, "failed": 0, "skipped": 0}
        closing = [line for line in self.output.splitlines() if CLOSING.search(line)]
        for number, word in COUNTS.findall(closing[-1]) if closing and self.suite.is_pytest else ():
            counts["failed" if word.startswith("error") else word] += int(number)
        counts["failed"] -= len(self.unsteady)
        counts["passed"] += len(self.unsteady)
        return counts

    def skips(self) -> list[str]:
        """One line for each reason to skip."""
        if self.is_empty:
            return [f"SKIPPED [1] suite {self.suite.name}: there are no such tests"]
        return [line for line in self.output.splitlines() if line.startswith("SKIPPED")]

    @property
    def is_empty(self) -> bool:
        return self.suite.is_pytest and self.status == NO_TESTS

    @property
    def verdict(self) -> str:
        """`ok`, or the word for what is wrong."""
        if self.status is None:
            return "TOO SLOW"
        if self.is_empty:
            return "NO TESTS"
        if self.status != 0:
            return "FAILED"
        return (
            "ok"
            if self.suite.may_skip or not self.counts()["skipped"]
            else "SKIPPED, WHICH IT MUST NOT"
        )

    @property
    def passed(self) -> bool:
        return self.verdict in {"ok", "NO TESTS"}

    def add_to(self, tally: Tally) -> None:
        """Count this suite; one that fails without a failing test counts as one failure."""
        counts = self.counts()
        tally.passed += counts["passed"]
        tally.skipped += counts["skipped"] + self.is_empty
        tally.failed += max(counts["failed"], 0 if self.passed else 1)
        tally.skips += self.skips()
        tally.unsteady += self.unsteady
        tally.suites.append(self.suite.name)


def prepare(build: str) -> dict[str, str]:
    """Put the build in place that a suite runs on; the environment for it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    environment.pop("DRAGOMAN_EXPECT_COMPILED", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # pytest rewrites each file: once will do
    compile_py = [sys.executable, str(ROOT / "tools" / "compile.py")]
    subprocess.run([*compile_py, *(["pure"] if build == "pure" else [])], check=True)
    if build == "compiled" and any((ROOT / "src").glob("*.so")):
        environment["DRAGOMAN_EXPECT_COMPILED"] = "1"
    return environment


def command_of(suite: Suite, more: tuple[str, ...] = ()) -> list[str]:
    """The command, by its full path, without folders of tests that are not there."""
    program, *arguments = (*suite.command, *more)
    there = [word for word in arguments if not word.startswith("tests/") or (ROOT / word).exists()]
    return [str(BIN / program), *there]


def run(suite: Suite) -> Outcome:
    """Run one suite, and a few failed tests again where its table says so."""
    first = run_once(suite)
    again = 0 < len(first.failures()) <= AGAIN_MAX and first.status == TESTS_FAILED
    if suite.tries == 1 or not again:
        return first
    report(first)
    second = run_once(suite, AGAIN)
    return first.steadied(second) if second.passed else first


def run_once(suite: Suite, more: tuple[str, ...] = ()) -> Outcome:
    """Run one suite, at most twice its budget long."""
    environment = {**prepare(suite.build), "HYPOTHESIS_PROFILE": suite.search}
    environment["DRAGOMAN_KILLS_EACH"] = str(suite.kills)
    print(f"== {suite.name}: {suite.what} ({suite.build})", flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{suite.name}.log"
    began = time.monotonic()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    with log.open("w") as output:
        process = subprocess.Popen(
            command_of(suite, more),
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status = wait(process, OVERRUN * suite.budget_s)
    return Outcome(suite, status, time.monotonic() - began, log.read_text(errors="replace"))


def wait(process: "subprocess.Popen[bytes]", limit_s: float) -> int | None:
    """The exit status; None when the whole group was stopped for its time, and what has failed by then was told."""
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LAST_WORDS_S)
        return None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def report(outcome: Outcome) -> None:
    """Print what failed, and spent against allowed."""
    if not outcome.passed:
        print(outcome.output)
    elif outcome.suite.is_pytest:
        print((outcome.output.strip().splitlines() or [""])[-1].strip("= "))
    allowed = f"{outcome.spent_s:.0f} s of {outcome.suite.budget_s} s"
    print(f"-- {outcome.suite.name}: {outcome.verdict}, {allowed}", flush=True)


def run_target(target: str, tally_path: str | None) -> int:
    """Run a target's suites in order; all of them, even after a failure."""
    tally = Tally.load(tally_path)
    all_passed = True
    for suite in SUITES:
        wanted = any(name in suite.targets for name in TARGETS[target])
        if not wanted or suite.name in tally.suites:
            continue
        outcome = run(suite)
        report(outcome)
        outcome.add_to(tally)
        tally.save(tally_path)
        all_passed = all_passed and outcome.passed
    return 0 if all_passed else 1


def closing(tally: Tally) -> int:
    """Print the skips with their reasons and one line of counts."""
    if tally.skips:
        print("skipped, and why:", *tally.skips, sep="\n  ")
    if tally.unsteady:
        print("failed, and passed when run again:", *tally.unsteady, sep="\n  ")
    print(tally.closing())
    return 0 if tally.failed == 0 and tally.passed > 0 else 1


def table() -> str:
    """The suites as a table in Markdown; HACKING.md holds it."""
    lines = ["| suite | runs in | build | what | budget |", "|---|---|---|---|---|"]
    lines += [
        f"| {suite.name} | {', '.join(f'`make {name}`' for name in suite.targets)} | {suite.build} "
        f"| {suite.what} | {suite.budget_s} s |"
        for suite in SUITES
    ]
    return "\n".join(lines) + "\n"


def main(target: str) -> int:
    """A target of the Makefile, `table`, or `closing`."""
    tally_path = os.environ.get("DRAGOMAN_TALLY")
    if target == "table":
        sys.stdout.write(table())
        return 0
    if target == "closing":
        return closing(Tally.load(tally_path))
    return run_target(target, tally_path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
