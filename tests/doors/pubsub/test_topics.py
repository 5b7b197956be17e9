"""Topics: made, told, changed and listed; what other doors made is a topic, too; deleted ones are kept for readers."""

import pytest
from tests.doors.pubsub.client import Pubsub, named, topic

from dragoman.doors.shared.grpc.call import Status
from dragoman.kernel.api import CreateStream, DeclareQueue, DescribeStream, StreamSettings
from dragoman.wire.grpc.codes import ALREADY_EXISTS, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED


def refused(pubsub: Pubsub, name: str, /, **fields: object) -> Status:
    with pytest.raises(Status) as info:
        pubsub.ask(name, **fields)
    return info.value


def retention(pubsub: Pubsub, name: str = "orders") -> int:
    kept: int = pubsub.connection.session.submit(DescribeStream(name=name)).settings.retention_ms
    return kept


def test_a_topic_is_made_and_told_with_all_that_was_said() -> None:
    pubsub = Pubsub()
    asked = named("orders")
    asked.labels["team"] = "a"
    asked.message_storage_policy.allowed_persistence_regions.append("europe-west1")
    asked.message_retention_duration.seconds = 600
    fields = {name.name: value for name, value in asked.ListFields()}
    made = pubsub.ask("CreateTopic", **fields)
    assert dict(made.labels) == {"team": "a"}
    found = pubsub.ask("GetTopic", topic=topic("orders"))
    assert found == made
    assert list(found.message_storage_policy.allowed_persistence_regions) == ["europe-west1"]
    assert retention(pubsub) == 600_000


def test_a_name_that_is_taken_or_none_is_refused() -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"))
    status = refused(pubsub, "CreateTopic", name=topic("orders"))
    assert (status.code, status.message) == (
        ALREADY_EXISTS,
        "Resource already exists in the project (resource=orders).",
    )
    for name in ("orders", "projects/x/topics/", topic("ab"), topic("google"), topic("1abc")):
        assert refused(pubsub, "CreateTopic", name=name).code == INVALID_ARGUMENT
    status = refused(pubsub, "GetTopic", topic=topic("absent"))
    assert (status.code, status.message) == (NOT_FOUND, "Resource not found (resource=absent).")


def test_a_mask_says_what_is_changed() -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"), labels={"a": "1"})
    wanted = named("orders")
    wanted.labels["b"] = "2"
    wanted.message_retention_duration.seconds = 1200
    mask = {"paths": ["message_retention_duration"]}
    found = pubsub.ask("UpdateTopic", topic=wanted, update_mask=mask)
    assert (dict(found.labels), found.message_retention_duration.seconds) == ({"a": "1"}, 1200)
    assert retention(pubsub) == 1_200_000
    found = pubsub.ask(
        "UpdateTopic", topic=named("orders"), update_mask={"paths": ["labels", *mask["paths"]]}
    )
    assert (dict(found.labels), found.HasField("message_retention_duration")) == ({}, False)
    assert retention(pubsub) == 0


@pytest.mark.parametrize(
    "paths", [[], ["name"], ["nothing"], ["labels.a"], ["messageRetentionDuration"]]
)
def test_a_mask_of_nothing_known_is_refused(paths: list[str]) -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"))
    status = refused(pubsub, "UpdateTopic", topic=named("orders"), update_mask={"paths": paths})
    assert (status.code, "update_mask" in status.message) == (INVALID_ARGUMENT, True)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"message_retention_duration": {"seconds": 599}}, INVALID_ARGUMENT),
        ({"message_retention_duration": {"seconds": 32 * 86400}}, INVALID_ARGUMENT),
        ({"labels": {f"l{index}": "" for index in range(65)}}, INVALID_ARGUMENT),
        ({"kms_key_name": "k"}, UNIMPLEMENTED),
        ({"message_transforms": [{"disabled": True}]}, UNIMPLEMENTED),
        ({"ingestion_data_source_settings": {"aws_kinesis": {"stream_arn": "a"}}}, UNIMPLEMENTED),
        ({"schema_settings": {"schema": "projects/p/schemas/s"}}, INVALID_ARGUMENT),
    ],
)
def test_what_is_out_of_range_or_not_offered_is_refused(
    fields: dict[str, object], code: int
) -> None:
    assert refused(Pubsub(), "CreateTopic", name=topic("orders"), **fields).code == code


def test_topics_are_listed_a_page_at_a_time_streams_of_others_among_them() -> None:
    pubsub = Pubsub()
    for name in ("bbb", "ccc"):
        pubsub.ask("CreateTopic", name=topic(name))
    session = pubsub.connection.session
    session.submit(CreateStream(name="a.stream/x"))
    first = pubsub.ask("ListTopics", project="projects/default", page_size=2)
    names = [each.name for each in first.topics]
    assert (names[0].startswith(topic("a.stream-x-")), names[1]) == (True, topic("bbb"))
    rest = pubsub.ask("ListTopics", project="projects/default", page_token=first.next_page_token)
    assert ([each.name for each in rest.topics], rest.next_page_token) == ([topic("ccc")], "")
    assert pubsub.ask("GetTopic", topic=names[0]).name == names[0]
    assert refused(pubsub, "ListTopics", project="x").code == INVALID_ARGUMENT
    assert (
        refused(pubsub, "ListTopics", project="projects/default", page_token="x").code
        == INVALID_ARGUMENT
    )
    assert not pubsub.ask("ListTopics", project="projects/other").topics


def test_a_topic_nobody_reads_is_deleted_with_its_stream() -> None:
    pubsub = Pubsub()
    pubsub.ask("CreateTopic", name=topic("orders"))
    pubsub.ask("DeleteTopic", topic=topic("orders"))
    assert refused(pubsub, "DeleteTopic", topic=topic("orders")).code == NOT_FOUND
    assert (
        refused(pubsub, "DeleteTopic", topic="projects/p/topics/_deleted-topic_").code
        == INVALID_ARGUMENT
    )
    assert not pubsub.ask("ListTopics", project="projects/default").topics


def test_what_subscriptions_still_have_outlives_the_topic() -> None:
    pubsub = Pubsub()
    pubsub.make()
    pubsub.publish(b"0")
    pubsub.ask("DeleteTopic", topic=topic("orders"))
    assert (
        refused(pubsub, "Publish", topic=topic("orders"), messages=[{"data": b"x"}]).code
        == NOT_FOUND
    )
    assert not pubsub.ask("ListTopics", project="projects/default").topics
    found = pubsub.ask("GetSubscription", subscription="projects/default/subscriptions/sub")
    assert found.topic == "_deleted-topic_"
    assert pubsub.data() == [b"0"]
    pubsub.ask("DeleteSubscription", subscription="projects/default/subscriptions/sub")
    with pytest.raises(Exception, match="orders"):
        pubsub.connection.session.submit(DescribeStream(name="orders"))


def test_a_topic_made_again_is_a_topic() -> None:
    pubsub = Pubsub()
    pubsub.make()
    pubsub.ask("DeleteTopic", topic=topic("orders"))
    pubsub.ask("CreateTopic", name=topic("orders"), labels={"new": "1"})
    assert dict(pubsub.ask("GetTopic", topic=topic("orders")).labels) == {"new": "1"}


def test_streams_of_others_keep_at_least_what_they_did() -> None:
    pubsub = Pubsub()
    session = pubsub.connection.session
    session.submit(CreateStream(name="log", settings=StreamSettings(retention_ms=-1)))
    pubsub.make("log", "keeper", retain_acked_messages=True)
    assert retention(pubsub, "log") == -1
    session.submit(DeclareQueue(name="queue"))
    pubsub.make("queue", "keeper2", retain_acked_messages=True)
    assert retention(pubsub, "queue") == 7 * 86_400_000
