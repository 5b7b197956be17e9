"""Every attribute: default, range, and what cannot be set."""

import pytest
from tests.doors.sqs.client import Refused, Sqs, arn_of, url_of

from dragoman.doors.sqs.attributes import SETTABLE

DEFAULTS = {
    "VisibilityTimeout": "30",
    "MessageRetentionPeriod": "345600",
    "DelaySeconds": "0",
    "MaximumMessageSize": "1048576",
    "ReceiveMessageWaitTimeSeconds": "0",
    "SqsManagedSseEnabled": "true",
    "ApproximateNumberOfMessages": "0",
    "ApproximateNumberOfMessagesNotVisible": "0",
    "ApproximateNumberOfMessagesDelayed": "0",
    "CreatedTimestamp": "1700000000",
    "LastModifiedTimestamp": "1700000000",
    "QueueArn": arn_of("orders"),
}
GOOD = [
    ("VisibilityTimeout", "0"), ("VisibilityTimeout", "43200"), ("MessageRetentionPeriod", "60"),
    ("MessageRetentionPeriod", "1209600"), ("DelaySeconds", "900"), ("MaximumMessageSize", "1024"),
    ("MaximumMessageSize", "1048576"), ("ReceiveMessageWaitTimeSeconds", "20"), ("KmsMasterKeyId", "alias/x"),
    ("KmsDataKeyReusePeriodSeconds", "60"), ("SqsManagedSseEnabled", "false"), ("Policy", '{"Statement":[]}'),
]  # fmt: skip
BAD = [
    ("VisibilityTimeout", "43201"), ("VisibilityTimeout", "-1"), ("VisibilityTimeout", "x"), ("VisibilityTimeout", ""),
    ("VisibilityTimeout", "1.5"), ("MessageRetentionPeriod", "59"), ("MessageRetentionPeriod", "1209601"),
    ("DelaySeconds", "901"), ("MaximumMessageSize", "1023"), ("MaximumMessageSize", "1048577"),
    ("ReceiveMessageWaitTimeSeconds", "21"), ("KmsDataKeyReusePeriodSeconds", "59"), ("SqsManagedSseEnabled", "1"),
    ("Policy", "{"), ("Policy", "[]"), ("Policy", "x" * 9_000), ("RedrivePolicy", "{"), ("RedriveAllowPolicy", "5"),
    ("KmsMasterKeyId", "x" * 9_000),
]  # fmt: skip
UNKNOWN = [
    "Nothing",
    "QueueArn",
    "CreatedTimestamp",
    "ApproximateNumberOfMessages",
    "ContentBasedDeduplication",
    "All",
]


def refused(sqs: Sqs, **attributes: str) -> str:
    with pytest.raises(Refused) as error:
        sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes=attributes)
    with pytest.raises(Refused) as made:
        sqs.ask("CreateQueue", QueueName="other", Attributes=attributes)
    assert made.value.code == error.value.code
    return error.value.code


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs()
    sqs.make("orders")
    return sqs


def test_defaults(sqs: Sqs) -> None:
    assert sqs.attributes("orders") == DEFAULTS


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_what_an_attribute_may_be(sqs: Sqs, name: str, value: str) -> None:
    sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes={name: value})
    assert sqs.attributes("orders", name) == {name: value}


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_an_attribute_may_not_be(sqs: Sqs, name: str, value: str) -> None:
    assert refused(sqs, **{name: value}) == "InvalidAttributeValue"
    assert sqs.attributes("orders") == DEFAULTS


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_set(sqs: Sqs, name: str) -> None:
    assert refused(sqs, **{name: "true"}) == "InvalidAttributeName"


def test_a_change_is_noticed_and_empties_what_it_empties(sqs: Sqs) -> None:
    sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes={"Policy": "{}"})
    sqs.pass_s(5)
    sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes={"Policy": ""})
    found = sqs.attributes("orders")
    assert "Policy" not in found
    assert (found["CreatedTimestamp"], found["LastModifiedTimestamp"]) == (
        "1700000000",
        "1700000005",
    )


def test_only_what_is_asked_for_is_told(sqs: Sqs) -> None:
    assert sqs.attributes("orders", "DelaySeconds", "Policy") == {"DelaySeconds": "0"}
    assert sqs.ask("GetQueueAttributes", QueueUrl=url_of("orders")) == {}
    with pytest.raises(Refused) as error:
        sqs.attributes("orders", "Nothing")
    assert error.value.code == "InvalidAttributeName"
    with pytest.raises(Refused) as error:
        sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"))
    assert error.value.code == "MissingParameter"


def test_attributes_of_fifo_queues() -> None:
    sqs = Sqs()
    sqs.make(
        "a.fifo",
        ContentBasedDeduplication="TRUE",
        DeduplicationScope="messageGroup",
        FifoThroughputLimit="perMessageGroupId",
    )
    found = sqs.attributes("a.fifo")
    assert [
        found[name]
        for name in ("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
    ] == [
        "true",
        "messageGroup",
        "perMessageGroupId",
    ]
    sqs.ask(
        "SetQueueAttributes",
        QueueUrl=url_of("a.fifo"),
        Attributes={"DeduplicationScope": "queue", "FifoThroughputLimit": "perQueue"},
    )
    assert sqs.attributes("a.fifo", "DeduplicationScope") == {"DeduplicationScope": "queue"}
    for attributes in (
        {"DeduplicationScope": "x"},
        {"FifoThroughputLimit": "x"},
        {"DeduplicationScope": "queue", "FifoThroughputLimit": "perMessageGroupId"},
    ):
        with pytest.raises(Refused) as error:
            sqs.ask("SetQueueAttributes", QueueUrl=url_of("a.fifo"), Attributes=attributes)
        assert error.value.code == "InvalidAttributeValue"


def test_values_that_are_no_text_are_refused(sqs: Sqs) -> None:
    with pytest.raises(Refused) as error:
        sqs.ask("SetQueueAttributes", QueueUrl=url_of("orders"), Attributes={"DelaySeconds": 5})
    assert error.value.code == "MalformedInput"


def test_the_query_protocol_speaks_of_the_same_attributes(sqs: Sqs) -> None:
    sqs.query(
        "SetQueueAttributes",
        "/000000000000/orders",
        Attribute__1__Name="DelaySeconds",
        Attribute__1__Value="9",
    )
    root = sqs.query("GetQueueAttributes", QueueUrl=url_of("orders"), AttributeName__1="All")
    pairs = {
        one.findtext("Name"): one.findtext("Value")
        for one in root.iterfind("GetQueueAttributesResult/Attribute")
    }
    assert pairs == {**DEFAULTS, "DelaySeconds": "9"}


def test_every_attribute_is_tried() -> None:
    tried = {name for name, _ in [*GOOD, *BAD]}
    fifo = {name for name, attribute in SETTABLE.items() if attribute.is_fifo}
    assert tried | fifo == SETTABLE.keys()
