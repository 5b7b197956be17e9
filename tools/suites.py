"""Run the project's suites, each within its time budget: `make check`, `make test`, `make test-clients`, `make full`.

The table below is the only list of suites; HACKING.md shows it and a test compares the two. A suite that takes more than
twice its budget fails, whatever its tests say. Counts add up in build/suites.json until `closing` prints them.
"""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TALLY: Final = ROOT / "build" / "suites.json"
BIN: Final = Path(sys.executable).parent
COUNTS: Final = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed)")
OVERRUN: Final = 2.0
NO_TESTS: Final = 5


@dataclass(frozen=True)
class Suite:
    """One command with a budget in seconds; `build` says which modules it runs on."""

    name: str
    target: str
    budget_s: int
    build: str
    command: tuple[str, ...]


def _pytest(*arguments: str) -> tuple[str, ...]:
    return ("pytest", "-q", "-n", "2", "--dist", "loadfile", *arguments)


FAST: Final = ("-m", "not slow and not clients and not crash")
SUITES: Final = (
    Suite("format", "check", 5, "pure", ("ruff", "format", "--check", ".")),
    Suite("lint", "check", 10, "pure", ("ruff", "check", ".")),
    Suite("types", "check", 40, "pure", ("mypy",)),
    Suite("imports", "check", 10, "pure", ("lint-imports",)),
    Suite("fast", "check", 60, "pure", _pytest(*FAST, "tests")),
    Suite("slow", "test", 180, "pure", _pytest("-m", "slow and not clients and not crash", "tests")),
    Suite("compiled", "test", 120, "compiled", _pytest(*FAST, "tests/kernel", "tests/wire", "tests/doors")),
    Suite("crash", "test", 240, "compiled", ("pytest", "-q", "-m", "crash", "tests")),
    Suite("clients", "test", 240, "compiled", ("pytest", "-q", "-m", "clients", "tests")),
    Suite("other-clients", "clients", 420, "compiled", ("pytest", "-q", "-m", "", "tests_other")),
)
TARGETS: Final = {
    "check": ("check",),
    "test": ("test",),
    "clients": ("clients",),
    "full": ("check", "test", "clients"),
}


def tally() -> dict[str, object]:
    """What has been counted so far."""
    empty: dict[str, object] = {"passed": 0, "failed": 0, "skipped": 0, "skips": []}
    return json.loads(TALLY.read_text()) if TALLY.exists() else empty


def add(counts: dict[str, int], skips: list[str]) -> None:
    """Add one suite's counts."""
    known = tally()
    for name, count in counts.items():
        known[name] = int(str(known[name])) + count
    known["skips"] = [*list(known["skips"]), *skips]  # type: ignore[call-overload]
    TALLY.parent.mkdir(exist_ok=True)
    TALLY.write_text(json.dumps(known))


def prepare(build: str) -> dict[str, str]:
    """Put the build in place that a suite runs on; the environment for it."""
    environment = {**os.environ, "PYTHONPATH": "src"}
    if build == "pure":
        for extension in (ROOT / "src").rglob("*.so"):
            extension.unlink()
        return environment
    subprocess.run([sys.executable, str(ROOT / "tools" / "compile.py")], check=True)
    if any((ROOT / "src").rglob("*.so")):
        environment["DRAGOMAN_EXPECT_COMPILED"] = "1"
    return environment


def count(output: str) -> dict[str, int]:
    """Counts in pytest's closing line."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    closing = [line for line in output.splitlines() if COUNTS.search(line)]
    for number, word in COUNTS.findall(closing[-1]) if closing else ():
        key = "failed" if word.startswith("error") else word
        if key in counts:
            counts[key] += int(number)
    return counts


def run(suite: Suite) -> bool:
    """Run one suite, print spent against allowed, add its counts; whether it passed within twice its budget."""
    environment = prepare(suite.build)
    print(f"== {suite.name} ({suite.build})", flush=True)
    began = time.monotonic()
    program = str(BIN / suite.command[0])
    done = subprocess.run(
        [program, *suite.command[1:]],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    spent = time.monotonic() - began
    is_pytest = suite.command[0] == "pytest"
    passed = done.returncode == 0 or (is_pytest and done.returncode == NO_TESTS)
    late = spent > OVERRUN * suite.budget_s
    if not passed:
        print(done.stdout)
    if is_pytest:
        skips = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
        add(count(done.stdout), skips)
        print((done.stdout.strip().splitlines() or [""])[-1])
    verdict = "FAILED" if not passed else "TOO SLOW" if late else "ok"
    print(f"-- {suite.name}: {verdict}, {spent:.0f} s of {suite.budget_s} s", flush=True)
    if late and passed:
        add({"failed": 1}, [])
    elif not passed and not is_pytest:
        add({"failed": 1}, [])
    return passed and not late


def closing() -> int:
    """Print the skips with their reasons and one closing count."""
    known = tally()
    skips = list(known["skips"])  # type: ignore[call-overload]
    if skips:
        print("skipped, and why:")
        print("\n".join(f"  {line}" for line in skips))
    print(f"{known['passed']} passed, {known['failed']} failed, {known['skipped']} skipped")
    return 0 if known["failed"] == 0 and int(str(known["passed"])) > 0 else 1


def main(target: str) -> int:
    """Run a target's suites in order; all of them, even after a failure."""
    if target == "closing":
        return closing()
    if target == "begin":
        TALLY.unlink(missing_ok=True)
        return 0
    results = [run(suite) for suite in SUITES if suite.target in TARGETS[target]]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
