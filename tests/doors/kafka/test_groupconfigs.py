"""Configurations of groups: set, described, checked, and what they change."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World, batch_of
from tests.doors.kafka.sharers import RELEASE, group_config, sharer
from tests.doors.kafka.test_consumergroups import beat

DESCRIBE, ALTER, ALTER_SOME = 32, 33, 44


def described(client: Client, *names: str) -> dict[str, tuple[str, int]]:
    resource = {
        "resource_type": 32,
        "resource_name": "g",
        "configuration_keys": list(names) or None,
    }
    message = {"resources": [resource], "include_synonyms": False, "include_documentation": False}
    [result] = client.ask(DESCRIBE, 4, message)["results"]
    assert result["error_code"] == 0
    return {
        config["name"]: (config["value"], config["config_source"]) for config in result["configs"]
    }


def test_what_is_set_is_described_with_its_source() -> None:
    client = World().connect()
    assert described(client)["share.auto.offset.reset"] == ("latest", 5)
    assert group_config(client, "share.auto.offset.reset", "earliest") == 0
    assert described(client, "share.auto.offset.reset") == {
        "share.auto.offset.reset": ("earliest", 8)
    }
    changes = [{"name": "share.auto.offset.reset", "config_operation": 1, "value": None}]
    resource = {"resource_type": 32, "resource_name": "g", "configs": changes}
    client.ask(ALTER_SOME, 1, {"resources": [resource], "validate_only": False})
    assert described(client)["share.auto.offset.reset"] == ("latest", 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retention.ms", "1"),
        ("share.auto.offset.reset", "soon"),
        ("share.auto.offset.reset", "by_duration:soon"),
        ("share.auto.offset.reset", "by_duration:-PT1H"),
        ("share.isolation.level", "none"),
        ("share.record.lock.duration.ms", "0"),
        ("share.delivery.count.limit", "many"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str) -> None:
    client = World().connect()
    assert group_config(client, name, value) == 40
    assert all(source == 5 for _, source in described(client).values())


def test_a_trial_changes_nothing_and_all_are_replaced_at_once() -> None:
    client = World().connect()
    group_config(client, "share.record.lock.duration.ms", "2000")
    given = [{"name": "share.delivery.count.limit", "value": "3"}]
    resource = {"resource_type": 32, "resource_name": "g", "configs": given}
    for is_trial, limit in ((True, "5"), (False, "3")):
        message: dict[str, Any] = {"resources": [resource], "validate_only": is_trial}
        assert client.ask(ALTER, 2, message)["responses"][0]["error_code"] == 0
        assert described(client)["share.delivery.count.limit"][0] == limit
    assert described(client)["share.record.lock.duration.ms"] == ("30000", 5)


def test_how_often_a_record_is_tried_counts_for_a_group_that_reads_already() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a"))
    assert group_config(one.client, "share.delivery.count.limit", "1") == 0
    one.acquire()
    one.acknowledge((0, 0, [RELEASE]))
    assert one.acquire() == []


def test_a_group_that_the_broker_assigns_has_its_own_rhythm() -> None:
    client = World().connect()
    client.create("t", 2)
    group_config(client, "consumer.heartbeat.interval.ms", "700")
    group_config(client, "consumer.session.timeout.ms", "2000")
    answer = beat(client)
    assert answer["heartbeat_interval_ms"] == 700
    client.world.advance(2_000)
    who = {"member_id": "m", "member_epoch": answer["member_epoch"]}
    assert beat(client, **who, subscribed_topic_names=None)["error_code"] == 25
