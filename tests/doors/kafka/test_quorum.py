"""The quorum of one node, as `kafka-metadata-quorum` asks for it."""

from typing import Any

import pytest
from tests.doors.kafka.client import World


def ask(version: int, name: str = "__cluster_metadata", index: int = 0) -> dict[str, Any]:
    client = World().connect()
    topic = {"topic_name": name, "partitions": [{"partition_index": index}]}
    client.create("t")
    return client.ask(55, version, {"topics": [topic]})


@pytest.mark.parametrize("version", [0, 1, 2])
def test_the_one_node_leads_itself(version: int) -> None:
    answer = ask(version)
    (part,) = answer["topics"][0]["partitions"]
    assert (answer["error_code"], part["error_code"]) == (0, 0)
    assert (part["leader_id"], part["leader_epoch"]) == (1, 1)
    (voter,) = part["current_voters"]
    assert voter["replica_id"] == 1
    assert 0 <= part["high_watermark"] <= voter["log_end_offset"]
    assert part["observers"] == []
    if version == 2:
        (node,) = answer["nodes"]
        assert node["node_id"] == 1
        assert node["listeners"][0]["name"] == "PLAINTEXT"
        assert node["listeners"][0]["port"] > 0


@pytest.mark.parametrize(("name", "index"), [("t", 0), ("__cluster_metadata", 1)])
def test_there_is_no_other_quorum(name: str, index: int) -> None:
    (part,) = ask(2, name, index)["topics"][0]["partitions"]
    assert (part["error_code"], part["leader_id"], part["current_voters"]) == (3, -1, [])
