"""Queues made, found, compared, paged, emptied and deleted."""

import json
from typing import Any

import pytest
from tests.doors.sqs.client import Refused, Sqs, arn_of, redrive, url_of

from dragoman.kernel.api import CreateStream, DeclareQueue, SubscriptionSettings


def code(sqs: Sqs, action: str, **members: Any) -> str:
    with pytest.raises(Refused) as refused:
        sqs.ask(action, **members)
    return refused.value.code


INVALID_VALUE = "InvalidAttributeValue"
MISSING = "AWS.SimpleQueueService.NonExistentQueue"


def test_a_queue_is_made_once_whoever_asks_again_with_the_same_attributes() -> None:
    sqs = Sqs()
    assert sqs.make("orders", VisibilityTimeout="5") == url_of("orders")
    assert sqs.make("orders", VisibilityTimeout="5") == url_of("orders")
    assert sqs.make("orders") == url_of("orders")
    assert (
        code(sqs, "CreateQueue", QueueName="orders", Attributes={"VisibilityTimeout": "6"})
        == "QueueAlreadyExists"
    )


def test_policies_are_compared_by_what_they_say() -> None:
    sqs = Sqs()
    sqs.make("dead")
    sqs.make("orders", RedrivePolicy=redrive("dead", 3))
    other = json.dumps({"maxReceiveCount": "3", "deadLetterTargetArn": arn_of("dead")}, indent=1)
    sqs.make("orders", RedrivePolicy=other)
    attributes = {"RedrivePolicy": redrive("dead", 4)}
    assert (
        code(sqs, "CreateQueue", QueueName="orders", Attributes=attributes) == "QueueAlreadyExists"
    )
    assert (
        code(sqs, "CreateQueue", QueueName="dead", Attributes={"Policy": "{}"})
        == "QueueAlreadyExists"
    )


@pytest.mark.parametrize("name", ["", "a b", "x" * 81, "a.fifo.x"])
def test_names_are_checked(name: str) -> None:
    sqs = Sqs()
    assert code(sqs, "CreateQueue", QueueName=name) in {"InvalidParameterValue", "MissingParameter"}
    assert code(sqs, "GetQueueUrl", QueueName=name) in {"InvalidParameterValue", "MissingParameter"}


def test_a_fifo_queue_says_so_in_name_and_attribute() -> None:
    sqs = Sqs()
    assert code(sqs, "CreateQueue", QueueName="a.fifo") == "InvalidParameterValue"
    assert (
        code(sqs, "CreateQueue", QueueName="a", Attributes={"FifoQueue": "true"})
        == "InvalidParameterValue"
    )
    assert (
        code(sqs, "CreateQueue", QueueName="a", Attributes={"FifoQueue": "false"})
        == "InvalidAttributeName"
    )
    sqs.make("a.fifo")
    found = sqs.attributes("a.fifo")
    assert found["FifoQueue"] == "true"
    assert (
        found["ContentBasedDeduplication"],
        found["DeduplicationScope"],
        found["FifoThroughputLimit"],
    ) == (
        "false",
        "queue",
        "perQueue",
    )
    assert code(
        sqs, "SetQueueAttributes", QueueUrl=url_of("a.fifo"), Attributes={"FifoQueue": "false"}
    ) == ("InvalidAttributeValue")


GROUPS = {"DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}


def test_a_limit_per_group_goes_only_with_deduplication_per_group() -> None:
    sqs = Sqs()
    alone, scope = {"FifoThroughputLimit": "perMessageGroupId"}, {"DeduplicationScope": "queue"}
    for attributes in (alone, alone | scope):
        made = {"FifoQueue": "true", **attributes}
        assert code(sqs, "CreateQueue", QueueName="a.fifo", Attributes=made) == INVALID_VALUE
    sqs.make("a.fifo", **GROUPS)
    sqs.make("b.fifo")
    assert changing(sqs, "a.fifo", scope) == INVALID_VALUE
    assert changing(sqs, "b.fifo", alone) == INVALID_VALUE
    assert sqs.attributes("a.fifo").items() >= GROUPS.items()
    for attributes in (scope | {"FifoThroughputLimit": "perQueue"}, GROUPS):
        sqs.ask("SetQueueAttributes", QueueUrl=url_of("b.fifo"), Attributes=attributes)
        assert sqs.attributes("b.fifo").items() >= attributes.items()
    sqs.ask("SetQueueAttributes", QueueUrl=url_of("b.fifo"), Attributes=alone)


def changing(sqs: Sqs, name: str, attributes: dict[str, str]) -> str:
    return code(sqs, "SetQueueAttributes", QueueUrl=url_of(name), Attributes=attributes)


def test_a_deleted_queue_is_gone_and_its_name_free_after_a_minute() -> None:
    sqs = Sqs()
    sqs.make("orders")
    sqs.ask("DeleteQueue", QueueUrl=url_of("orders"))
    assert code(sqs, "GetQueueUrl", QueueName="orders") == MISSING
    assert (
        code(sqs, "CreateQueue", QueueName="orders")
        == "AWS.SimpleQueueService.QueueDeletedRecently"
    )
    sqs.pass_s(60)
    sqs.make("orders")
    lax = Sqs(is_strict=False)
    lax.make("orders")
    lax.ask("DeleteQueue", QueueUrl=url_of("orders"))
    lax.make("orders")


def test_a_purge_drops_everything_once_a_minute() -> None:
    sqs = Sqs()
    sqs.make("orders")
    for number in range(3):
        sqs.send("orders", f"{number}")
    (held,) = sqs.receive("orders", 1)
    sqs.ask("PurgeQueue", QueueUrl=url_of("orders"))
    assert sqs.counts("orders") == (0, 0, 0)
    sqs.delete("orders", held)
    assert (
        code(sqs, "PurgeQueue", QueueUrl=url_of("orders"))
        == "AWS.SimpleQueueService.PurgeQueueInProgress"
    )
    sqs.pass_s(60)
    sqs.ask("PurgeQueue", QueueUrl=url_of("orders"))


def test_queues_are_listed_by_prefix_in_pages() -> None:
    sqs = Sqs()
    assert sqs.ask("ListQueues") == {}
    for name in ("b", "a2", "a1", "a3"):
        sqs.make(name)
    assert sqs.ask("ListQueues") == {
        "QueueUrls": [url_of(name) for name in ("a1", "a2", "a3", "b")]
    }
    first = sqs.ask("ListQueues", QueueNamePrefix="a", MaxResults=2)
    assert first["QueueUrls"] == [url_of("a1"), url_of("a2")]
    rest = sqs.ask("ListQueues", QueueNamePrefix="a", MaxResults=2, NextToken=first["NextToken"])
    assert rest == {"QueueUrls": [url_of("a3")]}
    for size in (0, 1001):
        assert code(sqs, "ListQueues", MaxResults=size) == "InvalidParameterValue"
    assert code(sqs, "ListQueues", MaxResults=1, NextToken="?") == "InvalidParameterValue"


@pytest.mark.parametrize(
    "action",
    [
        "AddPermission", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch", "DeleteMessage",
        "DeleteMessageBatch", "DeleteQueue", "GetQueueAttributes", "ListDeadLetterSourceQueues", "ListQueueTags",
        "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage", "SendMessageBatch", "SetQueueAttributes",
        "TagQueue", "UntagQueue",
    ],
)  # fmt: skip
def test_a_queue_that_is_not_there(action: str) -> None:
    sqs = Sqs()
    assert code(sqs, action, QueueUrl=url_of("nowhere")) == MISSING
    assert code(sqs, action, QueueUrl="") == MISSING
    assert code(sqs, action) == MISSING


def test_each_account_has_its_queues() -> None:
    sqs = Sqs()
    sqs.make("orders")
    namespace = "123456789012"
    settings = SubscriptionSettings()
    sqs.client.session.submit(DeclareQueue(namespace=namespace, name="theirs", settings=settings))
    assert sqs.ask("GetQueueUrl", QueueName="theirs", QueueOwnerAWSAccountId=namespace) == {
        "QueueUrl": url_of("theirs", namespace)
    }
    sqs.ask("SendMessage", QueueUrl=url_of("theirs", namespace), MessageBody="x")
    assert code(sqs, "GetQueueUrl", QueueName="theirs") == MISSING
    assert (
        code(sqs, "GetQueueUrl", QueueName="orders", QueueOwnerAWSAccountId="12")
        == "InvalidParameterValue"
    )


def test_a_queue_of_another_door_is_there_under_a_name_that_sqs_allows() -> None:
    sqs = Sqs()
    settings = SubscriptionSettings(ttl_ms=-1, attempts_max=0)
    sqs.client.session.submit(DeclareQueue(name="orders.eu", settings=settings))
    (url,) = sqs.ask("ListQueues")["QueueUrls"]
    name = url.rpartition("/")[2]
    assert name.startswith("orders-eu-")
    assert sqs.ask("GetQueueUrl", QueueName=name) == {"QueueUrl": url}
    sqs.send(name, "x")
    assert sqs.bodies(name) == ["x"]
    found = sqs.attributes(name)
    assert (found["MessageRetentionPeriod"], found["QueueArn"]) == ("1209600", arn_of(name))
    assert "CreatedTimestamp" not in found
    sqs.ask("SetQueueAttributes", QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    assert sqs.attributes(name)["VisibilityTimeout"] == "7"


def test_a_queue_opened_on_a_log_begins_with_its_oldest_message_and_leaves_it_there() -> None:
    sqs = Sqs()
    sqs.client.session.submit(CreateStream(name="events"))
    sqs.make("events")
    sqs.ask("DeleteQueue", QueueUrl=url_of("events"))
    from dragoman.kernel.api import DescribeStream  # noqa: PLC0415

    assert sqs.client.session.submit(DescribeStream(name="events")).name == "events"
