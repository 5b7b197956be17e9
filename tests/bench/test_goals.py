"""Goals against documents made by hand."""

from typing import Any

import pytest
from bench.goals import BACKLOG_MESSAGES, GOALS, TRANSIENT_100B, Judged, Status, judge_all

CPU_GOAL = "AMQP CPU per message, transient 100 B"


def entry(name: str, *, ratio: float | None = None, **own: float) -> dict[str, Any]:
    """One scenario with Dragoman's medians and its CPU ratio to RabbitMQ."""
    found = "not compared" if ratio is None else {"cpu_us_per_message": {"ratio": ratio}}
    return {
        "name": name,
        "ratios": {"rabbitmq": found},
        "targets": {"dragoman": {"median": own}},
    }


def judged(goal: str, *entries: dict[str, Any]) -> Judged:
    return next(j for j in judge_all({"scenarios": list(entries)}) if j.goal.name == goal)


def test_an_empty_run_meets_no_goal() -> None:
    assert {j.status for j in judge_all({"scenarios": []})} == {Status.NOT_COMPARED}
    assert len({goal.name for goal in GOALS}) == len(GOALS)


def test_a_goal_over_several_modes_is_their_geometric_mean() -> None:
    entries = [entry(name, ratio=0.1 if "1c" in name else 0.4) for name in TRANSIENT_100B]
    found = judged(CPU_GOAL, *entries)
    assert found.status is Status.MET
    assert found.value == pytest.approx(0.2)
    assert found.margin == pytest.approx(1.25)


def test_one_mode_too_dear_misses_the_goal_of_the_worst() -> None:
    entries = [entry(name, ratio=0.1) for name in TRANSIENT_100B[1:]]
    found = judged(
        "AMQP CPU per message, worst mode", entry(TRANSIENT_100B[0], ratio=0.8), *entries
    )
    assert found.margin == pytest.approx(0.5)
    assert found.status is Status.PARTIAL


def test_a_missed_goal_says_by_how_much() -> None:
    found = judged(CPU_GOAL, *(entry(name, ratio=0.5) for name in TRANSIENT_100B))
    assert found.status is Status.MISSED
    assert found.margin == pytest.approx(0.5)


def test_a_goal_with_modes_missing_is_partial_however_good_the_rest() -> None:
    found = judged(CPU_GOAL, entry(TRANSIENT_100B[0], ratio=0.01))
    assert found.status is Status.PARTIAL
    assert found.lacking == "1 of 6 measured"


def test_a_limit_that_no_peer_has_a_part_in_counts_whoever_else_was_measured() -> None:
    found = judged(
        "Kafka: transactions", entry("life/kafka-transactions", transactions_per_s=2_500)
    )
    assert (found.status, found.margin) == (Status.MET, 2.5)


def test_a_figure_of_dragoman_alone_does_not_count_without_its_peer() -> None:
    alone = entry("life/start", rss_idle_mb=40)
    beside = entry("life/start", ratio=0.5, rss_idle_mb=40)
    assert judged("memory idle", alone).status is Status.NOT_COMPARED
    assert judged("memory idle", beside).margin == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("messages", "status"),
    [(BACKLOG_MESSAGES, Status.MET), (BACKLOG_MESSAGES // 10, Status.PARTIAL)],
)
def test_a_backlog_counts_only_at_its_full_size(messages: int, status: Status) -> None:
    row = entry("life/backlog-amqp", ratio=1, rss_peak_mb=100, messages=messages)
    assert judged("backlog over amqp: peak memory", row).status is status


@pytest.mark.parametrize(("sync_us", "status"), [(250, Status.MET), (4_000, Status.PARTIAL)])
def test_a_goal_about_syncs_counts_only_where_a_sync_is_fast(
    sync_us: float, status: Status
) -> None:
    rates = {"sqs/send/64c": 10_000, "sqs/send-synced/64c": 7_000}
    rows = [entry(name, ratio=1, rate=rate) for name, rate in rates.items()]
    doc = {"scenarios": rows, "machine": {"fdatasync_p50_us": sync_us}}
    (found,) = (j for j in judge_all(doc) if j.goal.name == "SQS SendMessage synced to written")
    assert found.status is status


def test_across_protocols_is_judged_by_the_worse_way_and_the_slower_alone() -> None:
    rows = {"pika-pika": 100, "confluent-confluent": 300, "confluent-pika": 200}
    entries = [entry(f"cross/{way}", ratio=1, p99_us=p99) for way, p99 in rows.items()]
    entries.append(entry("cross/pika-confluent", ratio=1, p99_us=390))
    found = judged("Kafka to AMQP and back: p99 to the slower alone", *entries)
    assert found.value == pytest.approx(1.3)
    assert found.status is Status.MET
