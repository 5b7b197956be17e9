"""The table of loads: what a group holds, and that goals name only what exists."""

from bench.scenarios import SCENARIOS, Group, choose

from bench import goals


def names(group: Group) -> set[str]:
    return {scenario.name for scenario in choose(group=group, only=[])}


def test_names_are_unique() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)


def test_each_group_holds_the_smaller_one() -> None:
    assert names(Group.QUICK) < names(Group.WHOLE) < names(Group.FULL)


def test_a_pattern_chooses_across_groups() -> None:
    chosen = choose(group=Group.QUICK, only=["amqp/publish/1KiB/*"])
    assert len(chosen) == 4


def test_the_whole_run_measures_every_scenario_a_goal_asks_for() -> None:
    asked = {*goals.TRANSIENT_100B, *goals.TRANSIENT_1KIB, *goals.PERSISTENT}
    asked |= {*goals.LATENCIES, *goals.PIKA, *goals.SQS, *goals.EVENTS_PUBLISHED, *goals.STORM}
    asked |= {*goals.PUBSUB.values(), *goals.GRPC}
    assert asked <= names(Group.WHOLE)


def test_every_load_has_someone_to_be_compared_with_or_crosses_protocols() -> None:
    alone = {scenario.name for scenario in SCENARIOS if len(scenario.targets) == 1}
    several = ("eventgrid/", "eventhubs/", "pubsub-", "servicebus", "tasks/")
    assert {name for name in alone if not name.startswith(several)} == {
        "life/amqp10-links",
        "life/azure-correlation",
        "life/azure-rules",
        "life/azure-sessions",
        "life/bad-endpoints",
        "life/scheduled-tasks",
        "cross/confluent-pika",
        "cross/pika-confluent",
        "life/parked-receives",
        "life/rules-kafka",
        "sqs/send-synced/64c",
    }


def test_who_sends_to_another_is_told_to_go_last() -> None:
    pairs = [scenario.halves for scenario in SCENARIOS if len(scenario.halves) == 2]
    assert pairs
    assert all([half.sends for half in halves].count(True) == 1 for halves in pairs)
