"""A results document as tables for a terminal. Prints, judges nothing (see `goals`).

A star behind a generator's share says that it used more than 70 % of its core: then the
generator, not the broker, may have been the limit of the rate (not of CPU per message). An
exclamation mark behind 'others' says that strangers used more than a tenth of the machine: rates
and latencies of such a row are not to be trusted, CPU per message is.
"""

from collections.abc import Iterable
from typing import Any

from bench.goals import AIM, Judged, Status
from bench.peers import PEERS
from bench.results import LEFT_OUT, NOT_COMPARED, Document
from bench.scenarios import DRAGOMAN

GENERATOR_CPU_MAX = 0.70
FOREIGN_CPU_MAX = 0.10
REASON_CHARS = 100

# What each kind shows: heading, figure, format.
COLUMNS: dict[str, list[tuple[str, str, str]]] = {
    "cost": [
        ("msg/s", "rate", "{:,.0f}"),
        ("MB/s", "mb_per_s", "{:,.0f}"),
        ("us CPU/msg", "cpu_us_per_message", "{:.2f}"),
        ("ms CPU/MB", "cpu_ms_per_mb", "{:.2f}"),
        ("core", "broker_share", "{:.0%}"),
        ("peak MB", "rss_peak_mb", "{:,.0f}"),
    ],
    "latency": [
        ("p50 us", "p50_us", "{:,.0f}"),
        ("p99 us", "p99_us", "{:,.0f}"),
        ("us CPU/msg", "cpu_us_per_message", "{:.0f}"),
        ("peak MB", "rss_peak_mb", "{:,.0f}"),
    ],
}
# Of these the table shows the ratio to the peer.
RATIOS: dict[str, list[tuple[str, str]]] = {
    "cost": [("CPU", "cpu_us_per_message"), ("rate", "rate")],
    "latency": [("p50", "p50_us"), ("p99", "p99_us")],
}


def table(rows: list[list[str]], *, left: int = 1) -> str:
    """Columns aligned: the first `left` and the last to the left, the others to the right."""
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row[:-1], widths, strict=True))
        ]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def _spread_of(entry: dict[str, Any], figure: str) -> str:
    """Half the distance between the least and the most, as a share of the median."""
    low, high = entry["spread"][figure]
    middle = entry["median"][figure]
    return f" ±{(high - low) / 2 / middle:.0%}" if middle else ""


def _cell(entry: dict[str, Any], figure: str, form: str) -> str:
    if figure not in entry["median"]:
        return "-"
    return form.format(entry["median"][figure]) + _spread_of(entry, figure)


def _ratio_cell(scenario: dict[str, Any], target: str, figure: str) -> str:
    if target == DRAGOMAN or DRAGOMAN not in scenario["targets"]:
        return ""
    found = scenario["ratios"].get(target, NOT_COMPARED)
    if isinstance(found, str):
        return NOT_COMPARED
    if figure not in found:
        return "-"
    ratio = found[figure]
    return f"{ratio['ratio']:.2f}x [{ratio['min']:.2f}..{ratio['max']:.2f}]"


def _why_empty(entry: dict[str, Any]) -> str:
    if entry["not_compared"]:
        return f"{NOT_COMPARED}: {entry['not_compared'].splitlines()[0][:REASON_CHARS]}"
    return f"FAILED: {'; '.join(entry['errors'])[:REASON_CHARS]}"


def _shown(scenario: dict[str, Any]) -> list[str]:
    """The targets worth a line: a peer left out on purpose is said once, in the ratio."""
    targets = scenario["targets"]
    return [name for name in targets if targets[name]["not_compared"] != LEFT_OUT]


def _target_row(scenario: dict[str, Any], target: str) -> list[str]:
    entry = scenario["targets"][target]
    kind = scenario["kind"]
    if not entry["median"]:
        blank = [""] * (len(COLUMNS[kind]) + len(RATIOS[kind]) + 1)
        return [scenario["name"], target, *blank, _why_empty(entry)]
    share = entry["median"].get("generator_cpu", 0.0)
    flag = "*" if share > GENERATOR_CPU_MAX else ""
    cells = [_cell(entry, figure, form) for _head, figure, form in COLUMNS[kind]]
    foreign = entry["median"].get("foreign_cpu", 0.0)
    others = f"{foreign:.0%}" + ("!" if foreign > FOREIGN_CPU_MAX else "")
    compared = [_ratio_cell(scenario, target, figure) for _head, figure in RATIOS[kind]]
    return [scenario["name"], target, *cells, f"{share:.0%}{flag}", others, *compared]


def scenario_table(doc: Document, kind: str) -> str:
    """All scenarios of a kind, a line for each target."""
    chosen = [s for s in doc["scenarios"] if s["kind"] == kind]
    if not chosen:
        return ""
    head = ["scenario", "broker", *(h for h, _f, _s in COLUMNS[kind]), "generator", "others"]
    head += [f"Dragoman/peer {what}" for what, _figure in RATIOS[kind]]
    return table([head, *(_target_row(s, target) for s in chosen for target in _shown(s))], left=2)


def life_table(doc: Document) -> str:
    """Start, memory and backlog: a figure on each line, a broker in each column."""
    names = list(PEERS)
    rows = [["scenario", "figure", *names, ""]]
    for scenario in doc["scenarios"]:
        if scenario["kind"] != "life":
            continue
        shown = {name: scenario["targets"][name] for name in _shown(scenario)}
        figures = {figure: None for entry in shown.values() for figure in entry["median"]}
        for figure in figures:
            cells = [_plain(shown.get(name, {}).get("median", {}).get(figure)) for name in names]
            rows.append([scenario["name"], figure, *cells, ""])
        rows += [
            [scenario["name"], name, *([""] * len(names)), _why_empty(entry)]
            for name, entry in shown.items()
            if not entry["median"]
        ]
    return table(rows, left=2) if len(rows) > 1 else ""


def _plain(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"


def _goal_row(judged: Judged) -> list[str]:
    goal = judged.goal
    sign = "<=" if goal.lower_is_better else ">="
    limit = f"{sign} {goal.limit:,.4g} {goal.unit}"
    if judged.value is None or judged.margin is None:
        return [goal.name, limit, "-", judged.status.value.upper(), judged.lacking, ""]
    by = f"by {judged.margin:.2f}x" if judged.margin >= 1 else f"by {1 / judged.margin:.2f}x"
    aim = "aim reached" if judged.margin >= AIM else f"aim {AIM / judged.margin:.2f}x away"
    if judged.status is Status.PARTIAL:
        aim = judged.lacking
    return [goal.name, limit, f"{judged.value:,.4g} {goal.unit}", judged.status.value, by, aim]


def goal_table(judged: Iterable[Judged]) -> str:
    """The goals with their outcome."""
    head = ["goal", "limit", "found", "outcome", "margin", "twice the goal"]
    return table([head, *(_goal_row(j) for j in judged)])


def header(doc: Document) -> str:
    """What was measured, where."""
    machine = doc["machine"]
    versions = ", ".join(
        f"{name} {v['version']} ({v['build']})" for name, v in doc["versions"].items()
    )
    return (
        f"commit {doc['commit'][:12]}, {doc['started_at']}, {machine['cpu']}, "
        f"{machine['cores']} cores, fdatasync p50 {machine['fdatasync_p50_us']} us "
        f"on {machine['data_file_system']}\n{versions}; median of {doc['options']['rounds']} "
        f"rounds of {doc['options']['seconds']} s, ± half the range"
    )


def render(doc: Document, judged: list[Judged]) -> str:
    """The whole report."""
    parts = [header(doc)]
    parts += [scenario_table(doc, kind) for kind in COLUMNS]
    parts += [life_table(doc), goal_table(judged)]
    counts = {status: sum(j.status is status for j in judged) for status in Status}
    parts.append(", ".join(f"{count} {status.value}" for status, count in counts.items()))
    return "\n\n".join(part for part in parts if part) + "\n"
