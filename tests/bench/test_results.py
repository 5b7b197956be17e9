"""From rounds to a document: medians, spreads, ratios, and what was not compared."""

import json
from pathlib import Path

import pytest
from bench.runner import Outcome
from bench.scenarios import Group, choose

from bench import results

[SCENARIO] = choose(group=Group.FULL, only=["amqp/publish/100B/transient/1c"])
ENVIRONMENT = {"commit": "c0ffee", "started_at": "2030-01-01T00:00:00+00:00", "machine": {}}


def outcome(*costs: float) -> Outcome:
    return Outcome(rounds=[{"cpu_us_per_message": cost, "count": 10} for cost in costs])


def document_of(found: dict[str, Outcome]) -> results.Document:
    doc = results.document(ENVIRONMENT, {}, {}, [SCENARIO], {SCENARIO.name: found})
    entry: results.Document = doc["scenarios"][0]
    return entry


def test_a_ratio_is_of_medians_with_the_spread_of_rounds_side_by_side() -> None:
    entry = document_of({"dragoman": outcome(1, 2, 3), "rabbitmq": outcome(10, 8, 6)})
    ratio = entry["ratios"]["rabbitmq"]["cpu_us_per_message"]
    assert ratio == {"ratio": pytest.approx(0.25), "min": 0.1, "max": 0.5}
    assert entry["targets"]["dragoman"]["spread"]["cpu_us_per_message"] == [1, 3]


def test_a_result_without_its_peer_reads_not_compared() -> None:
    gone = Outcome(not_compared="no such package")
    entry = document_of({"dragoman": outcome(1), "rabbitmq": gone})
    assert entry["ratios"]["rabbitmq"] == "not compared"
    assert entry["targets"]["rabbitmq"]["not_compared"] == "no such package"


def test_a_figure_that_one_round_lacks_has_no_median() -> None:
    assert results.medians([{"a": 1, "b": 2}, {"a": 3}]) == {"a": 2}
    assert results.medians([]) == {}


def test_a_document_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "result.json"
    results.write({"format": 1, "figure": 1 / 3}, path)
    assert json.loads(path.read_text()) == {"format": 1, "figure": 0.333333}


def test_only_whole_runs_are_kept_beside_the_code() -> None:
    assert results.default_path(ENVIRONMENT, whole=True).parent == results.RESULTS
    assert results.default_path(ENVIRONMENT, whole=False).parent.name == "scratch"
