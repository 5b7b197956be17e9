"""The command line: `python -m bench [--quick | --full | --only GLOB] [...]`; see README.md."""

import argparse
import json
import signal
import sys
from pathlib import Path

from bench import goals, report, results
from bench.lifecycle import LifeOptions
from bench.lock import BenchIsRunningError, single_bench
from bench.peers import PEERS
from bench.runner import Runner
from bench.scenarios import Group, choose

QUICK_ROUNDS, WHOLE_ROUNDS = 2, 5
QUICK_SECONDS, WHOLE_SECONDS = 1.0, 2.0
QUICK_LIFE = LifeOptions(backlog_messages=100_000, idle_queues=1_000)


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="an overview in about three minutes")
    size.add_argument("--full", action="store_true", help="every scenario of the table")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB")
    parser.add_argument("--target", default=",".join(PEERS), help="comma-separated brokers")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--backlog", type=int, help="messages of life/backlog-*")
    parser.add_argument("--out", type=Path, help="where the JSON goes")
    parser.add_argument("--list", action="store_true", help="name the scenarios and end")
    parser.add_argument("--report", type=Path, metavar="JSON", help="print an earlier result")
    parser.add_argument("--strict", action="store_true", help="fail when a goal is missed")
    parsed = parser.parse_args(argv)
    unknown = set(parsed.target.split(",")) - set(PEERS)
    if unknown:
        parser.error(f"unknown target {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    return parsed


def _group(parsed: argparse.Namespace) -> Group:
    if parsed.quick:
        return Group.QUICK
    return Group.FULL if parsed.full else Group.WHOLE


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(parsed: argparse.Namespace) -> results.Document:
    """Run what was asked for; the document, stored."""
    scenarios = choose(group=_group(parsed), only=parsed.only)
    life = QUICK_LIFE if parsed.quick else LifeOptions()
    if parsed.backlog:
        life = LifeOptions(parsed.backlog, life.idle_queues)
    options = {
        "rounds": parsed.rounds or (QUICK_ROUNDS if parsed.quick else WHOLE_ROUNDS),
        "seconds": parsed.seconds or (QUICK_SECONDS if parsed.quick else WHOLE_SECONDS),
        "targets": parsed.target.split(","),
        "backlog_messages": life.backlog_messages,
    }
    env = results.environment()
    runner = Runner(
        options["targets"],
        rounds=options["rounds"],
        seconds=options["seconds"],
        life=life,
        say=_say,
    )
    found = runner.run(scenarios)
    doc = results.document(env, options, runner.versions, scenarios, found)
    doc["goals"] = goals.as_json(goals.judge_all(doc))
    whole = not (parsed.quick or parsed.only)
    path = parsed.out or results.default_path(doc, whole=whole)
    results.write(doc, path)
    _say(f"results: {path}")
    return doc


def main(argv: list[str] | None = None) -> int:
    """Run the command line; 2 when another bench runs, 1 when --strict finds a goal missed."""
    parsed = arguments(argv)
    if parsed.list:
        for scenario in choose(group=_group(parsed), only=parsed.only):
            print(f"{scenario.name:45} {','.join(scenario.targets)}")
        return 0
    if parsed.report:
        doc = json.loads(parsed.report.read_text())
    else:
        # SIGTERM must unwind, so that no broker is left behind.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            with single_bench():
                doc = run(parsed)
        except BenchIsRunningError as error:
            _say(str(error))
            return 2
    judged = goals.judge_all(doc)
    print(report.render(doc, judged))
    missed = any(j.status is goals.Status.MISSED for j in judged)
    return 1 if parsed.strict and missed else 0


if __name__ == "__main__":
    sys.exit(main())
