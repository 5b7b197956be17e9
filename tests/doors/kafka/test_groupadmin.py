"""Groups listed, described and deleted."""

from tests.doors.kafka.client import World
from tests.doors.kafka.members import joined, sync


def test_groups_are_listed_described_and_deleted() -> None:
    client = World().connect()
    client.create("t")
    answer = joined(client)
    sync(client, answer)
    listed = client.ask(16, 5, {"states_filter": ["stable"], "types_filter": []})["groups"]
    assert [(g["group_id"], g["group_state"], g["group_type"]) for g in listed] == [
        ("g", "Stable", "classic")
    ]
    assert client.ask(16, 5, {"states_filter": ["Empty"], "types_filter": []})["groups"] == []
    assert client.ask(16, 5, {"states_filter": [], "types_filter": ["share"]})["groups"] == []
    ask = {"groups": ["g", "h"], "include_authorized_operations": False}
    known, missing = client.ask(15, 5, ask)["groups"]
    assert known["members"][0]["member_assignment"] == b"all"
    assert known["protocol_data"] == "range"
    assert missing["group_state"] == "Dead"
    assert client.ask(15, 6, ask)["groups"][1]["error_code"] == 69
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 68
    client.ask(13, 1, {"group_id": "g", "member_id": answer["member_id"]})
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 0
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 69
