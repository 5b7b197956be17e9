"""What botocore says to SQS and SNS, request by request, answered by a broker without sockets: `python -m tests.fuzz.capture sqs`.

Run with the present botocore it is JSON, with the last one that speaks it (first on the path) the query protocol.
Receipt handles in it are good at a fresh rig, whose chance is the same every time.
"""

import contextlib
import json
import sys
from typing import Any

from tests.fuzz.doors import DOORS
from tests.fuzz.rig import Rig


class Raw:
    """An answer's body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *args: Any, **kwargs: Any) -> Any:
        yield self._body

    def read(self, *args: Any, **kwargs: Any) -> bytes:
        return self._body


class Wire:
    """Sends a prepared request to the rig, and keeps it."""

    def __init__(self) -> None:
        self.rig = Rig(DOORS["sqs"]().make_door())
        self.frames: list[bytes] = []

    def __call__(self, request: Any, **kwargs: Any) -> Any:
        from botocore.awsrequest import AWSResponse

        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        headers = {
            "Host": "127.0.0.1:4566",
            **{
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in request.headers.items()
            },
            "Content-Length": str(len(body)),
        }
        path = "/" + request.url.partition("://")[2].partition("/")[2]
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        frame = f"{request.method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
        self.frames.append(frame)
        answer = self.rig.send(frame) or self.rig.wait()
        head_raw, _, answer_body = answer.partition(b"\r\n\r\n")
        lines = head_raw.decode().split("\r\n")
        told = dict(line.split(": ", 1) for line in lines[1:])
        return AWSResponse(request.url, int(lines[0].split()[1]), told, Raw(answer_body))


def speak(sqs: Any) -> None:
    """Every action."""
    url = sqs.create_queue(QueueName="fuzz", Attributes={"VisibilityTimeout": "600"})["QueueUrl"]
    dead = sqs.create_queue(QueueName="dead", tags={"a": "b"})["QueueUrl"]
    fifo = sqs.create_queue(
        QueueName="f.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    allow = json.dumps({"redrivePermission": "allowAll"})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": policy})
    attributes = {
        "s": {"DataType": "String", "StringValue": "é<&>"},
        "n": {"DataType": "Number.f64", "StringValue": "1.5"},
        "b": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    trace = {
        "AWSTraceHeader": {
            "DataType": "String",
            "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793",
        }
    }
    for number in range(4):
        sqs.send_message(
            QueueUrl=url,
            MessageBody=f"body {number}",
            MessageAttributes=attributes,
            MessageSystemAttributes=trace,
            DelaySeconds=number % 2,
        )
    entries = [
        {"Id": f"e{n}", "MessageBody": "x", "MessageAttributes": attributes} for n in range(3)
    ]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    for group in "ab":
        sqs.send_message(QueueUrl=fifo, MessageBody=group, MessageGroupId=group)
    found = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=4,
        AttributeNames=["All"],
        MessageAttributeNames=["s", "n.*"],
    )["Messages"]
    sqs.receive_message(
        QueueUrl=fifo, MaxNumberOfMessages=10, ReceiveRequestAttemptId="one", WaitTimeSeconds=2
    )
    sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=1)
    handles = [message["ReceiptHandle"] for message in found]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handles[0], VisibilityTimeout=10)
    changes = [{"Id": "c", "ReceiptHandle": handles[0], "VisibilityTimeout": 0}]
    sqs.change_message_visibility_batch(QueueUrl=url, Entries=changes)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handles[1])
    deletes = [{"Id": f"d{n}", "ReceiptHandle": handle} for n, handle in enumerate(handles[2:])]
    sqs.delete_message_batch(QueueUrl=url, Entries=deletes)
    sqs.get_queue_url(QueueName="fuzz")
    sqs.list_queues(QueueNamePrefix="f", MaxResults=1)
    sqs.list_dead_letter_source_queues(QueueUrl=dead)
    sqs.tag_queue(QueueUrl=url, Tags={"k": "v"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["k"])
    sqs.list_queue_tags(QueueUrl=url)
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=["1" * 12], Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=url, Label="l")
    started = sqs.start_message_move_task(SourceArn=arn, MaxNumberOfMessagesPerSecond=1)
    sqs.list_message_move_tasks(SourceArn=arn)
    with contextlib.suppress(sqs.exceptions.ResourceNotFoundException):  # it is over
        sqs.cancel_message_move_task(TaskHandle=started["TaskHandle"])
    sqs.purge_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=dead)


def speak_sns(sns: Any) -> None:
    """Every action of topics."""
    arn = sns.create_topic(
        Name="t", Attributes={"DisplayName": "d"}, Tags=[{"Key": "a", "Value": "b"}]
    )
    topic = arn["TopicArn"]
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    ordered = sns.create_topic(Name="t.fifo", Attributes=fifo)["TopicArn"]
    policy = {
        "a": ["x", {"prefix": "y"}, {"anything-but": {"suffix": "z"}}, {"wildcard": "a*b"}],
        "n": [{"numeric": [">", 1, "<=", 5]}],
        "$or": [{"b": [{"exists": False}]}, {"i": [{"cidr": "10.0.0.0/8"}]}],
    }
    told = {"FilterPolicy": json.dumps(policy), "RawMessageDelivery": "true"}
    for target, name, attributes in ((topic, "fuzz", told), (ordered, "f.fifo", {})):
        sns.subscribe(
            TopicArn=target,
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:us-east-1:000000000000:{name}",
            Attributes=attributes,
        )
    retry = {"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 9}}
    own = sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint="http://h.test/hook",
        Attributes={"DeliveryPolicy": json.dumps(retry)},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    with contextlib.suppress(sns.exceptions.InvalidParameterException):
        sns.confirm_subscription(TopicArn=topic, Token="0" * 64)
    said = {
        "a": {"DataType": "String", "StringValue": "y"},
        "n": {"DataType": "Number", "StringValue": "2"},
        "l": {"DataType": "String.Array", "StringValue": '["x", 1]'},
        "b": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    texts = json.dumps({"default": "d", "sqs": "s"})
    sns.publish(TopicArn=topic, Message="x", Subject="s", MessageAttributes=said)
    sns.publish(TopicArn=topic, Message=texts, MessageStructure="json")
    entries = [
        {"Id": f"e{n}", "Message": "x", "MessageGroupId": "g", "MessageAttributes": said}
        for n in range(3)
    ]
    sns.publish_batch(TopicArn=ordered, PublishBatchRequestEntries=entries)
    sns.set_subscription_attributes(
        SubscriptionArn=own, AttributeName="FilterPolicyScope", AttributeValue="MessageBody"
    )
    sns.get_subscription_attributes(SubscriptionArn=own)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="e")
    sns.get_topic_attributes(TopicArn=topic)
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "k", "Value": "v"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["k"])
    sns.list_tags_for_resource(ResourceArn=topic)
    sns.list_topics()
    sns.list_subscriptions()
    sns.list_subscriptions_by_topic(TopicArn=topic)
    with contextlib.suppress(sns.exceptions.InvalidParameterException):  # it is pending
        sns.unsubscribe(SubscriptionArn=own)
    sns.delete_topic(TopicArn=topic)


def frames() -> list[bytes]:
    """What the botocore on the path has to say."""
    import botocore.session

    wire = Wire()
    for service, say in (("sqs", speak), ("sns", speak_sns)):
        client = botocore.session.get_session().create_client(
            service,
            endpoint_url="http://127.0.0.1:4566",
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        client.meta.events.register(f"before-send.{service}.*", wire)
        say(client)
    return wire.frames


if __name__ == "__main__":
    sys.stdout.write("\n".join(frame.hex() for frame in frames()) + "\n")
