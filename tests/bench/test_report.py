"""The tables: what a reader must see."""

from typing import Any

from bench.runner import Outcome
from bench.scenarios import Group, choose

from bench import goals, report, results

ENVIRONMENT: dict[str, Any] = {
    "commit": "c0ffee",
    "started_at": "2030-01-01T00:00:00+00:00",
    "machine": {"cpu": "a cpu", "cores": 2, "fdatasync_p50_us": 99, "data_file_system": "ext4"},
}
OPTIONS = {"rounds": 1, "seconds": 1.0}
COST = {"rate": 1000.0, "cpu_us_per_message": 5.0, "generator_cpu": 0.1, "foreign_cpu": 0.0}


def rendered(own: Outcome, peer: Outcome) -> str:
    scenarios = choose(group=Group.FULL, only=["amqp/publish/100B/transient/1c"])
    found = {scenarios[0].name: {"dragoman": own, "rabbitmq": peer}}
    versions = {"dragoman": {"version": "1", "build": "pure"}}
    doc = results.document(ENVIRONMENT, OPTIONS, versions, scenarios, found)
    return report.render(doc, goals.judge_all(doc))


def line_of(text: str, broker: str) -> str:
    return next(line for line in text.splitlines() if f" {broker} " in line)


def test_a_peer_that_was_not_there_is_named_with_its_reason() -> None:
    text = rendered(Outcome(rounds=[COST]), Outcome(not_compared="no Java"))
    assert "not compared: no Java" in line_of(text, "rabbitmq")
    assert "0 met, 0 missed" in text


def test_the_ratio_stands_in_the_peers_line() -> None:
    peer = {**COST, "cpu_us_per_message": 20.0}
    text = rendered(Outcome(rounds=[COST]), Outcome(rounds=[peer]))
    assert "0.25x [0.25..0.25]" in line_of(text, "rabbitmq")
    assert "dragoman 1 (pure)" in text


def test_a_failed_scenario_says_how_it_failed() -> None:
    text = rendered(Outcome(errors=["3 of 4 messages came"]), Outcome(rounds=[COST]))
    assert "FAILED: 3 of 4 messages came" in line_of(text, "dragoman")


def test_a_busy_generator_and_busy_strangers_are_marked() -> None:
    busy = {**COST, "generator_cpu": 0.9, "foreign_cpu": 0.3}
    text = rendered(Outcome(rounds=[busy]), Outcome(rounds=[COST]))
    assert "90%*" in line_of(text, "dragoman")
    assert "30%!" in line_of(text, "dragoman")
    assert "*" not in line_of(text, "rabbitmq")
