"""One run as a JSON document: what was run, where, on which versions, every round, its medians.

The document is all that `goals` and `report` read, so an old file can be judged and printed
again. Ratios are Dragoman to peer, of medians, with the smallest and largest ratio of rounds run
side by side as their spread.
"""

import json
import platform
import statistics
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import measure
from bench.peers.rabbitmq import erlang_version
from bench.runner import Figures, Outcome
from bench.scenarios import DRAGOMAN, Scenario

FORMAT = 1
RESULTS = Path(__file__).resolve().parent / "results"
NOT_COMPARED = "not compared"
LEFT_OUT = "left out by --target"
# Figures of which a ratio to the peer says something.
RATIO_FIGURES = (
    "rate",
    "mb_per_s",
    "requests_per_s",
    "cpu_us_per_message",
    "cpu_ms_per_mb",
    "headers_us",
    "body_us",
    "transform_us",
    "p50_us",
    "p99_us",
    "rss_peak_mb",
    "rss_idle_mb",
    "ready_s",
    "rss_waiting_mb",
)

Document = dict[str, Any]


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=RESULTS.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def environment() -> dict[str, Any]:
    """The machine and the commit under test."""
    data = Path(tempfile.gettempdir())
    return {
        "commit": _git("rev-parse", "HEAD") or "unknown",
        "changed_files": len(_git("status", "--porcelain", "--", "../src").splitlines()),
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpu": _cpu_name(),
            "cores": measure.CORES,
            "kernel": platform.release(),
            "python": platform.python_version(),
            "erlang": erlang_version(),
            "data_file_system": measure.filesystem_of(data),
            "fdatasync_p50_us": round(measure.disk_fdatasync_us(data), 1),
        },
    }


def medians(rounds: list[Figures]) -> dict[str, float]:
    """The median of every figure that each round has."""
    shared = set.intersection(*(set(figures) for figures in rounds)) if rounds else set()
    return {key: statistics.median(figures[key] for figures in rounds) for key in sorted(shared)}


def spread(rounds: list[Figures]) -> dict[str, list[float]]:
    """Smallest and largest of every figure."""
    keys = medians(rounds)
    return {key: [min(f[key] for f in rounds), max(f[key] for f in rounds)] for key in keys}


def ratios(own: list[Figures], peer: list[Figures]) -> dict[str, dict[str, float]]:
    """Dragoman to peer for every figure both have: of medians, and least and most of a round."""
    own_medians, peer_medians = medians(own), medians(peer)
    found = {}
    for key in RATIO_FIGURES:
        if peer_medians.get(key) and key in own_medians:
            pairs = [a[key] / b[key] for a, b in zip(own, peer, strict=False) if b[key]]
            found[key] = {
                "ratio": own_medians[key] / peer_medians[key],
                "min": min(pairs),
                "max": max(pairs),
            }
    return found


def _entry(scenario: Scenario, outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """One scenario of the document."""
    targets: dict[str, Any] = {}
    for name in scenario.targets:
        outcome = outcomes.get(name, Outcome(not_compared=LEFT_OUT))
        targets[name] = {
            "rounds": outcome.rounds,
            "median": medians(outcome.rounds),
            "spread": spread(outcome.rounds),
            "errors": outcome.errors,
            "not_compared": outcome.not_compared,
        }
    own = outcomes.get(DRAGOMAN, Outcome()).rounds
    compared: dict[str, Any] = {}
    for name in scenario.targets:
        if name != DRAGOMAN:
            rounds = outcomes.get(name, Outcome()).rounds
            compared[name] = ratios(own, rounds) if own and rounds else NOT_COMPARED
    return {
        "name": scenario.name,
        "kind": scenario.kind.value,
        "durability": scenario.durability,
        "load": [{"generator": half.module, **half.parameters} for half in scenario.halves],
        "targets": targets,
        "ratios": compared,
    }


def document(
    env: dict[str, Any],
    options: dict[str, Any],
    versions: dict[str, dict[str, str]],
    scenarios: list[Scenario],
    found: dict[str, dict[str, Outcome]],
) -> Document:
    """The whole run."""
    return {
        "format": FORMAT,
        **env,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": options,
        "versions": versions,
        "scenarios": [_entry(s, found[s.name]) for s in scenarios if s.name in found],
    }


def write(doc: Document, path: Path) -> None:
    """Store the document, figures rounded to six digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(doc), indent=1) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value


def default_path(doc: Document, *, whole: bool) -> Path:
    """results/TIME-COMMIT.json for whole runs, results/scratch/ for the others."""
    name = f"{doc['started_at'][:19].replace(':', '')}-{doc['commit'][:9]}.json"
    return (RESULTS if whole else RESULTS / "scratch") / name
