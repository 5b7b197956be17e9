"""Every API, asked by somebody who may and by somebody who may not."""

from typing import Any

import pytest
from tests.doors.kafka.apiasking import (
    CLUSTER_DENIED,
    CREATE,
    DELETE,
    DESCRIBE,
    READ,
    TOPIC_DENIED,
    TRANSACTION_DENIED,
    WRITE,
    Ask,
    C,
    G,
    T,
    commit_of,
    full,
    on,
    topics_of,
    world,
)
from tests.doors.kafka.apicases import CASES, ELSEWHERE
from tests.doors.kafka.client import NO_ID, Client, World, batch_of
from tests.doors.kafka.test_access import (
    CLUSTER,
    GROUP,
    PREFIXED,
    TOPIC,
    TRANSACTIONAL_ID,
    acl,
    create,
    operator,
)

from dragoman.doors.kafka.access import Acl
from dragoman.doors.kafka.allowed import NOT_ASKED
from dragoman.doors.kafka.apis import TABLE


def ask(client: Client, key: int, version: int, message: dict[str, Any]) -> dict[str, Any]:
    return client.ask(key, version, full(key, message))


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_who_has_what_is_needed_may_and_who_lacks_any_of_it_may_not(
    case: tuple[str, int, Ask, list[Acl], int],
) -> None:
    _, _, look, needed, code = case
    granted = world()
    create(operator(granted), *needed)
    assert look(granted.connect()) == 0
    for missing in needed:
        lacking = world()
        create(operator(lacking), *(each for each in needed if each is not missing))
        said = look(lacking.connect())
        kind = {TOPIC: 29, GROUP: 30, CLUSTER: 31, TRANSACTIONAL_ID: 53}[missing.resource_type]
        assert said == (kind if code == -1 else code)


def test_every_api_that_is_served_is_among_them() -> None:
    assert {case[1] for case in CASES} | set(ELSEWHERE) == set(TABLE)


def test_a_denial_wins_over_what_is_allowed() -> None:
    made = world()
    everything = acl("*", operation=2, principal="User:*")
    denial = acl("t", pattern_type=PREFIXED, operation=WRITE, permission=2, principal="User:*")
    create(operator(made), everything, denial)
    client = made.connect()
    assert client.produce("t", batch_of(b"x"))[0]["error_code"] == TOPIC_DENIED
    assert client.fetch("t", 0)["error_code"] == 0


def test_all_topics_are_those_that_may_be_described() -> None:
    made = world()
    owner = operator(made)
    owner.create("hidden")
    create(owner, T(DESCRIBE))
    for version in (1, 9, 12):
        answer = ask(made.connect(), 3, version, {"topics": None})
        assert [topic["name"] for topic in answer["topics"]] == ["t"]
        everything = ask(owner, 3, version, {"topics": None})
        assert {topic["name"] for topic in everything["topics"]} == {"t", "hidden"}
    answer = ask(made.connect(), 75, 0, {"topics": [], "cursor": None})
    assert [topic["name"] for topic in answer["topics"]] == ["t"]


def test_nobody_learns_a_name_by_an_id() -> None:
    made = world()
    uuid = ask(operator(made), 3, 12, {"topics": [{"name": "t"}]})["topics"][0]["topic_id"]
    client = made.connect()
    (topic,) = ask(client, 3, 12, {"topics": [{"topic_id": uuid, "name": None}]})["topics"]
    assert (topic["error_code"], topic["name"]) == (100, "")
    gone = ask(client, 20, 6, {"topics": [{"topic_id": uuid, "name": None}]})["responses"][0]
    assert (gone["error_code"], gone["name"]) == (100, None)


def test_operations_are_told_as_bits_where_they_are_asked_for() -> None:
    made = world()
    create(operator(made), T(READ), G(DELETE), C(DESCRIBE), C(CREATE))
    client = made.connect()
    asked = {
        "topics": [{"name": "t"}],
        "include_cluster_authorized_operations": True,
        "include_topic_authorized_operations": True,
    }
    answer = ask(client, 3, 9, asked)
    assert answer["topics"][0]["topic_authorized_operations"] == 1 << READ | 1 << DESCRIBE
    assert answer["cluster_authorized_operations"] == 1 << CREATE | 1 << DESCRIBE
    quiet = ask(client, 3, 9, {"topics": [{"name": "t"}]})
    assert quiet["topics"][0]["topic_authorized_operations"] == NOT_ASKED
    groups = {"groups": ["g"], "include_authorized_operations": True}
    (group,) = ask(client, 15, 4, groups)["groups"]
    assert group["authorized_operations"] == 1 << DELETE | 1 << DESCRIBE
    cluster = ask(client, 60, 0, {"include_cluster_authorized_operations": True})
    assert cluster["cluster_authorized_operations"] == 1 << CREATE | 1 << DESCRIBE
    hidden = ask(world().connect(), 60, 0, {"include_cluster_authorized_operations": True})
    assert hidden["cluster_authorized_operations"] == 0
    open_ = ask(World().connect(), 60, 0, {"include_cluster_authorized_operations": True})
    assert open_["cluster_authorized_operations"] == sum(1 << n for n in (5, 7, 8, 10, 11, 12))


def test_a_topic_may_be_made_unseen_and_its_configurations_are_not_told() -> None:
    made = world()
    create(operator(made), on(TOPIC, CREATE, "new"))
    client = made.connect()
    answer = client.create("new")
    assert (answer["error_code"], answer["topic_config_error_code"]) == (0, TOPIC_DENIED)
    assert (answer["num_partitions"], answer["configs"]) == (-1, [])


def test_a_missing_topic_is_made_for_who_may_make_it_and_told_to_who_may_see_it() -> None:
    made = world()
    create(operator(made), C(CREATE))
    asked = {"topics": [{"name": "fresh"}], "allow_auto_topic_creation": True}
    (topic,) = ask(made.connect(), 3, 9, asked)["topics"]
    assert topic["error_code"] == 0
    (topic,) = ask(made.connect(), 3, 9, asked)["topics"]
    assert topic["error_code"] == TOPIC_DENIED
    (topic,) = ask(world().connect(), 3, 9, asked)["topics"]
    assert topic["error_code"] == TOPIC_DENIED


def test_a_writer_in_a_transaction_needs_its_transactional_id() -> None:
    made = world()
    create(operator(made), T(WRITE))
    part = {"index": 0, "records": batch_of(b"x")}
    message = {
        "transactional_id": "x",
        "acks": -1,
        "timeout_ms": 1000,
        "topic_data": [{"name": "t", "partition_data": [part]}],
    }
    answer = ask(made.connect(), 0, 9, message)
    code = answer["responses"][0]["partition_responses"][0]["error_code"]
    assert code == TRANSACTION_DENIED


def test_who_may_not_alter_the_cluster_moves_no_logs_and_makes_no_users() -> None:
    client = world().connect()
    moves = {"dirs": [{"path": "data", "topics": topics_of("partitions")}]}
    answer = ask(client, 34, 2, moves)["results"][0]["partitions"][0]
    assert answer["error_code"] == CLUSTER_DENIED
    users = {"deletions": [{"name": "ann", "mechanism": 1}], "upsertions": []}
    assert ask(client, 51, 0, users)["results"][0]["error_code"] == CLUSTER_DENIED


def test_commits_of_a_topic_that_may_not_be_read_leave_the_others_alone() -> None:
    made = world()
    owner = operator(made)
    owner.create("other")
    create(owner, G(READ), T(READ))
    client = made.connect()
    message = commit_of("t")
    message["topics"] += commit_of("other")["topics"]
    answer = ask(client, 8, 8, message)["topics"]
    assert [topic["partitions"][0]["error_code"] for topic in answer] == [0, TOPIC_DENIED]


def test_no_id_is_that_of_a_topic_without_a_name() -> None:
    assert bytes(16) == NO_ID
