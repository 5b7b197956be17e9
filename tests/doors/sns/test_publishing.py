"""Messages of topics in queues: envelopes, raw, filtered, in batches, first in first out, and what cannot be had."""

import json

import pytest
from tests.doors.sns.client import Refused, Sns, arn_of, number, text
from tests.doors.sqs.client import arn_of as queue_arn


def told(sns: Sns, queue: str) -> list[dict[str, object]]:
    return [json.loads(body) for body in sns.sqs.bodies(queue)]


def entries(*messages: str, **members: object) -> list[dict[str, object]]:
    return [{"Id": f"e{n}", "Message": message, **members} for n, message in enumerate(messages)]


def test_every_queue_gets_an_envelope_of_its_own() -> None:
    sns = Sns()
    sns.topic()
    arns = {queue: sns.subscribe(queue) for queue in ("a", "b")}
    identity = sns.publish("hi é", Subject="s", MessageAttributes={"k": text("v")})
    for queue, arn in arns.items():
        (one,) = told(sns, queue)
        assert one.pop("UnsubscribeURL") == f"http://here/?Action=Unsubscribe&SubscriptionArn={arn}"
        assert list(one.items()) == [
            ("Type", "Notification"),
            ("MessageId", identity),
            ("TopicArn", arn_of()),
            ("Subject", "s"),
            ("Message", "hi é"),
            ("Timestamp", "2023-11-14T22:13:20.000Z"),
            ("MessageAttributes", {"k": {"Type": "String", "Value": "v"}}),
        ]


def test_raw_messages_keep_their_attributes() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a", RawMessageDelivery="true")
    binary = {"DataType": "Binary", "BinaryValue": "AP8="}
    array = {"DataType": "String.Array", "StringValue": '["x", 1]'}
    sns.publish("hi", MessageAttributes={"k": text("v"), "b": binary, "l": array})
    (message,) = sns.sqs.receive("a", MessageAttributeNames=["All"])
    assert message["Body"] == "hi"
    assert message["MessageAttributes"] == {"k": text("v"), "b": binary, "l": array}


def test_ids_of_messages_are_unlike_each_other() -> None:
    sns = Sns()
    sns.topic()
    assert len({sns.publish("x") for _ in range(5)}) == 5


def test_a_topic_without_subscriptions_takes_messages() -> None:
    sns = Sns()
    sns.topic()
    assert len(sns.publish("x")) == 36


def test_each_protocol_may_have_its_own_text() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a", RawMessageDelivery="true")
    for texts in ({"default": "d", "sqs": "s"}, {"default": "d", "lambda": "l"}):
        sns.publish(json.dumps(texts), MessageStructure="json")
    assert sns.sqs.bodies("a") == ["s", "d"]


def test_filters_choose_by_attributes_or_by_body() -> None:
    sns = Sns()
    sns.topic()
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe("cheap", FilterPolicy='{"price": [{"numeric": ["<", 10]}]}', **raw)
    sns.subscribe(
        "eu", FilterPolicy='{"to": {"land": ["de", "fr"]}}', FilterPolicyScope="MessageBody", **raw
    )
    sns.publish("a", MessageAttributes={"price": number(9.5)})
    sns.publish('{"to": {"land": "fr"}}', MessageAttributes={"price": number(10)})
    sns.publish("neither")
    assert sns.sqs.bodies("cheap") == ["a"]
    assert sns.sqs.bodies("eu") == ['{"to": {"land": "fr"}}']


def test_a_filter_that_is_changed_holds_from_then_on() -> None:
    sns = Sns()
    sns.topic()
    arn = sns.subscribe("a", RawMessageDelivery="true")
    sns.publish("1")
    sns.set(arn, "FilterPolicy", '{"k": ["v"]}')
    sns.publish("2")
    sns.publish("3", MessageAttributes={"k": text("v")})
    sns.set(arn, "FilterPolicy", "")
    sns.publish("4")
    assert sns.sqs.bodies("a") == ["1", "3", "4"]


def test_a_queue_that_is_not_there_costs_the_others_nothing() -> None:
    sns = Sns()
    sns.topic()
    sns.join("sqs", queue_arn("nowhere"))
    sns.subscribe("a")
    sns.publish("x")
    assert len(told(sns, "a")) == 1


def test_what_a_queue_cannot_take_is_a_dead_letter_of_the_subscription() -> None:
    sns = Sns()
    sns.topic()
    sns.sqs.make("dead")
    policy = json.dumps({"deadLetterTargetArn": queue_arn("dead")})
    sns.sqs.make("small", MaximumMessageSize="1024")
    sns.join("sqs", queue_arn("small"), RawMessageDelivery="true", RedrivePolicy=policy)
    sns.publish("x" * 2_000)
    sns.publish("fits")
    assert sns.sqs.bodies("small") == ["fits"]
    assert sns.sqs.bodies("dead") == ["x" * 2_000]


def test_more_attributes_than_a_queue_takes_go_in_envelopes_alone() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("raw", RawMessageDelivery="true")
    sns.subscribe("told")
    sns.publish("x", MessageAttributes={f"k{n}": text("v") for n in range(11)})
    assert sns.sqs.bodies("raw") == []
    assert len(told(sns, "told")) == 1


def test_a_batch_fails_entry_by_entry() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a", RawMessageDelivery="true")
    root = sns.ask(
        "PublishBatch", TopicArn=arn_of(), PublishBatchRequestEntries=entries("1", "", "3")
    )
    (failed,) = root.findall(".//Failed/member")
    assert [(one.tag, one.text) for one in failed] == [
        ("Id", "e1"),
        ("Code", "InvalidParameter"),
        ("Message", "Invalid parameter: Empty message"),
        ("SenderFault", "true"),
    ]
    assert [one.findtext("Id") for one in root.findall(".//Successful/member")] == ["e0", "e2"]
    assert sns.sqs.bodies("a") == ["1", "3"]


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ([], "EmptyBatchRequest"),
        (entries(*"abcdefghijk"), "TooManyEntriesInBatchRequest"),
        ([{"Id": "a b", "Message": "x"}], "InvalidBatchEntryId"),
        ([{"Id": "a", "Message": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        (entries(*["x" * 200_000] * 2), "BatchRequestTooLong"),
    ],
)
def test_a_batch_is_refused_as_a_whole(batch: list[dict[str, object]], code: str) -> None:
    sns = Sns()
    sns.topic()
    with pytest.raises(Refused) as refused:
        sns.ask("PublishBatch", TopicArn=arn_of(), PublishBatchRequestEntries=batch)
    assert refused.value.code == code


def test_devices_and_phones_are_not_offered() -> None:
    sns = Sns()
    with pytest.raises(Refused, match="InvalidParameter"):
        sns.ask("Publish", PhoneNumber="+491234", Message="x")


def test_only_topics_that_are_there_are_published_to() -> None:
    sns = Sns()
    for action in ("Publish", "PublishBatch"):
        with pytest.raises(Refused, match="NotFound: Topic does not exist"):
            sns.ask(action, TopicArn=arn_of(), Message="x")


# --- first in, first out ---


def fifo(scope: str = "Topic", **attributes: str) -> Sns:
    sns = Sns()
    sns.topic("news.fifo", FifoThroughputScope=scope, **attributes)
    sns.subscribe("a.fifo", "news.fifo", RawMessageDelivery="true")
    sns.subscribe("plain", "news.fifo", RawMessageDelivery="true")
    return sns


def sent(sns: Sns, message: str, group: str, dedup: str | None = None) -> tuple[str, str]:
    """(MessageId, SequenceNumber)."""
    root = sns.ask(
        "Publish",
        TopicArn=arn_of("news.fifo"),
        Message=message,
        MessageGroupId=group,
        MessageDeduplicationId=dedup,
    )
    found = root.find("PublishResult")
    assert found is not None
    return found.findtext("MessageId") or "", found.findtext("SequenceNumber") or ""


def test_what_is_sent_again_is_the_same_message_and_goes_nowhere() -> None:
    sns = fifo()
    first = sent(sns, "x", "g", "d")
    sns.pass_s(299)
    assert sent(sns, "again", "h", "d") == first
    assert sns.sqs.bodies("a.fifo") == ["x"]
    assert sns.sqs.bodies("plain") == ["x"]
    sns.pass_s(2)
    second = sent(sns, "x", "g", "d")
    assert second[0] != first[0]
    assert second[1] > first[1]


def test_groups_go_to_the_queues_and_part_duplicates_where_asked() -> None:
    sns = fifo("MessageGroup")
    assert sent(sns, "x", "g", "d") != sent(sns, "y", "h", "d")
    found = sns.sqs.receive("a.fifo", AttributeNames=["All"])
    assert [(one["Body"], one["Attributes"]["MessageGroupId"]) for one in found] == [("x", "g")]
    assert sns.sqs.bodies("plain") == ["x", "y"]  # the queue's own scope is all of it


def test_the_text_tells_messages_apart_where_asked() -> None:
    sns = fifo(ContentBasedDeduplication="true")
    assert sent(sns, "x", "g") == sent(sns, "x", "g")
    sent(sns, "y", "g")
    assert sns.sqs.bodies("a.fifo") == ["x", "y"]
    with pytest.raises(Refused, match="MessageGroupId parameter is required"):
        sns.publish("x", "news.fifo")


def test_something_must_tell_messages_apart() -> None:
    sns = fifo()
    with pytest.raises(Refused, match="ContentBasedDeduplication"):
        sent(sns, "x", "g")


def test_a_batch_with_what_was_sent_before() -> None:
    sns = fifo()
    sent(sns, "1", "g", "1")
    batch = [
        {"Id": str(n), "Message": str(n), "MessageGroupId": "g", "MessageDeduplicationId": str(n)}
        for n in (2, 1, 3)
    ]
    root = sns.ask("PublishBatch", TopicArn=arn_of("news.fifo"), PublishBatchRequestEntries=batch)
    numbers = [int(one.text or "") for one in root.iter("SequenceNumber")]
    assert numbers == [2, 1, 3]
    assert sns.sqs.bodies("a.fifo") == ["1", "2", "3"]


def test_a_group_on_a_standard_topic_is_the_messages_group() -> None:
    sns = Sns()
    sns.topic()
    sns.subscribe("a")
    sns.publish("x", MessageGroupId="g")
    (one,) = sns.sqs.receive("a", AttributeNames=["All"])
    assert one["Attributes"]["MessageGroupId"] == "g"
