"""Topics: made, told of, changed, tagged, deleted."""

import json
from typing import Any

import pytest
from tests.doors.sns.client import Refused, Sns, arn_of


def test_a_topic_is_made_once() -> None:
    sns = Sns()
    assert sns.topic(DisplayName="n") == sns.topic(DisplayName="n") == sns.topic() == arn_of()
    with pytest.raises(Refused, match="different attributes"):
        sns.topic(DisplayName="m")
    with pytest.raises(Refused, match="different tags"):
        sns.ask("CreateTopic", Name="news", Tags=[{"Key": "a", "Value": "b"}])


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "ValidationError"),
        ({"Name": "a b"}, "InvalidParameter"),
        ({"Name": "x" * 257}, "InvalidParameter"),
        ({"Name": "a.fifo"}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"FifoTopic": "true"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"FifoTopic": "maybe"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"ContentBasedDeduplication": "true"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"Colour": "red"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"Policy": "no"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"TracingConfig": "no"}}, "InvalidParameter"),
        ({"Name": "a", "Attributes": {"DisplayName": "x" * 101}}, "InvalidParameter"),
        ({"Name": "a", "DataProtectionPolicy": "{}"}, "InvalidParameter"),
        ({"Name": "a", "Tags": [{"Key": "", "Value": ""}]}, "InvalidParameter"),
        ({"Name": "a", "Tags": [{"Key": str(n)} for n in range(51)]}, "TagLimitExceeded"),
    ],
)
def test_what_is_no_topic_is_refused(members: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        Sns().ask("CreateTopic", **members)
    assert refused.value.code == code


def test_every_attribute_is_told() -> None:
    sns = Sns()
    arn = sns.topic(DisplayName="n")
    sns.subscribe("a")
    sns.join("http", "http://h.test/")
    found = sns.attributes(arn)
    assert json.loads(found.pop("Policy"))["Statement"][0]["Resource"] == arn
    assert json.loads(found.pop("EffectiveDeliveryPolicy"))["http"]
    assert found == {
        "Owner": "000000000000",
        "SubscriptionsPending": "1",
        "TopicArn": arn,
        "SubscriptionsConfirmed": "1",
        "DisplayName": "n",
        "SubscriptionsDeleted": "0",
    }


def test_attributes_are_changed_and_taken_back() -> None:
    sns = Sns()
    arn = sns.topic()
    sns.set(arn, "KmsMasterKeyId", "k")
    assert sns.attributes(arn)["KmsMasterKeyId"] == "k"
    sns.set(arn, "KmsMasterKeyId", "")
    assert "KmsMasterKeyId" not in sns.attributes(arn)
    for name in ("Colour", "FifoTopic"):
        with pytest.raises(Refused, match="InvalidParameter"):
            sns.set(arn, name, "true")


def test_a_fifo_topic_tells_that_it_is_one() -> None:
    sns = Sns()
    arn = sns.topic("news.fifo")
    found = sns.attributes(arn)
    assert found["FifoTopic"] == "true"
    assert found["ContentBasedDeduplication"] == "false"
    sns.set(arn, "FifoThroughputScope", "MessageGroup")
    sns.set(arn, "ContentBasedDeduplication", "true")
    found = sns.attributes(arn)
    assert (found["FifoThroughputScope"], found["ContentBasedDeduplication"]) == (
        "MessageGroup",
        "true",
    )


def test_lists_have_pages_of_a_hundred() -> None:
    sns = Sns()
    names = [f"t{number:03}" for number in range(205)]
    for name in names:
        sns.topic(name)
    found: list[str] = []
    token: str | None = None
    for size in (100, 100, 5):
        root = sns.ask("ListTopics", NextToken=token)
        page = [one.text or "" for one in root.iter("TopicArn")]
        assert len(page) == size
        found += page
        token = root.findtext(".//NextToken")
    assert token is None
    assert found == [arn_of(name) for name in names]
    with pytest.raises(Refused, match="NextToken"):
        sns.ask("ListTopics", NextToken="?")


def test_a_deleted_topic_takes_its_subscriptions_along() -> None:
    sns = Sns()
    arn = sns.topic()
    own = sns.subscribe("a")
    sns.hook()
    other = sns.topic("news-too")
    kept = sns.subscribe("b", "news-too")
    sns.ask("DeleteTopic", TopicArn=arn)
    sns.ask("DeleteTopic", TopicArn=arn)
    for gone in (arn, own):
        with pytest.raises(Refused, match="NotFound"):
            sns.attributes(gone)
    assert sns.attributes(kept)["TopicArn"] == other
    assert [name for name in sns.sqs.ask("ListQueues")["QueueUrls"] if "sns" in name] == []


def test_a_topic_made_again_starts_anew() -> None:
    sns = Sns()
    for _ in range(2):
        arn = sns.topic("news.fifo")
        root = sns.ask(
            "Publish", TopicArn=arn, Message="x", MessageGroupId="g", MessageDeduplicationId="d"
        )
        assert int(root.findtext(".//SequenceNumber") or "") == 1
        sns.ask("DeleteTopic", TopicArn=arn)


def test_tags() -> None:
    sns = Sns()
    arn = sns.topic()
    sns.ask("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b"}])
    sns.ask("UntagResource", ResourceArn=arn, TagKeys=["a", "c"])
    root = sns.ask("ListTagsForResource", ResourceArn=arn)
    found = [(one.findtext("Key"), one.findtext("Value")) for one in root.iter("member")]
    assert found == [("b", "")]
    for action in ("TagResource", "UntagResource", "ListTagsForResource"):
        with pytest.raises(Refused, match="ResourceNotFound"):
            sns.ask(action, ResourceArn=arn_of("other"))


@pytest.mark.parametrize("action", ["GetTopicAttributes", "DeleteTopic", "Publish", "Subscribe"])
def test_what_is_no_arn_is_refused(action: str) -> None:
    for arn in (None, "news", arn_of() + ":x", "arn:aws:sqs:us-east-1:000000000000:news"):
        with pytest.raises(Refused, match="InvalidParameter"):
            Sns().ask(action, TopicArn=arn)
