"""boto3's SNS, unmodified, over TCP: topics to queues and to an endpoint, across a restart, and refusals."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.clients.sqs_work import REGION, client, serving

from dragoman.testing.broker import RunningBroker

pytestmark = pytest.mark.clients
DEADLINE_S = 10.0
LOCAL = ("127.0.0.0/8",)


def topics(running: RunningBroker) -> Any:
    return boto3.client(
        "sns",
        endpoint_url=running.sqs.url,
        region_name=REGION,
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def running() -> Iterator[RunningBroker]:
    with serving(push_allow=LOCAL) as found:
        yield found


class Both:
    """Both clients, and what tests do with them all the time."""

    def __init__(self, running: RunningBroker) -> None:
        self.sns = topics(running)
        self.sqs = client(running)

    def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """(URL, ARN)."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def bodies(self, url: str) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture
def both(running: RunningBroker) -> Both:
    return Both(running)


class Endpoint:
    """Says yes when it is asked, and keeps what it gets; `statuses` are answered first, then 200."""

    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []
        self.came = threading.Condition()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *arguments: Any) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with endpoint.came:
                    endpoint.requests.append((dict(self.headers.items()), body))
                    status = endpoint.statuses.pop(0) if endpoint.statuses else 200
                    endpoint.came.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def wait(self, count: int) -> tuple[dict[str, str], str]:
        """The `count`th request, 1 the first."""
        with self.came:
            assert self.came.wait_for(lambda: len(self.requests) >= count, DEADLINE_S)
            return self.requests[count - 1]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    thread = threading.Thread(target=found.server.serve_forever)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def test_a_topic_fans_out_to_queues_with_filters(both: Both) -> None:
    topic = both.sns.create_topic(Name="fan")["TopicArn"]
    assert topic == f"arn:aws:sns:{REGION}:000000000000:fan"
    told, told_arn = both.queue("fan-told")
    raw, raw_arn = both.queue("fan-raw")
    both.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=told_arn)
    both.sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=raw_arn,
        Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"kind": ["a"]}'},
    )
    attributes = {"kind": {"DataType": "String", "StringValue": "a"}}
    sent = both.sns.publish(TopicArn=topic, Message="é<&>\r\n", MessageAttributes=attributes)
    both.sns.publish(TopicArn=topic, Message="other")
    assert both.bodies(raw) == ["é<&>\r\n"]
    first, second = (json.loads(body) for body in both.bodies(told))
    assert (first["MessageId"], first["Message"]) == (sent["MessageId"], "é<&>\r\n")
    assert first["MessageAttributes"] == {"kind": {"Type": "String", "Value": "a"}}
    assert second["Message"] == "other"


def test_a_fifo_topic_keeps_order_and_drops_what_is_sent_again(both: Both) -> None:
    fifo = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = both.sns.create_topic(Name="fan.fifo", Attributes=fifo)["TopicArn"]
    url, arn = both.queue("fan.fifo", FifoQueue="true")
    both.sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    entries = [{"Id": str(n), "Message": str(n % 3), "MessageGroupId": "g"} for n in range(6)]
    found = both.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    ids = [one["MessageId"] for one in found["Successful"]]
    assert ids[:3] == ids[3:]
    assert both.bodies(url) == ["0", "1", "2"]


def test_an_endpoint_confirms_gets_and_leaves(both: Both, endpoint: Endpoint) -> None:
    topic = both.sns.create_topic(Name="web")["TopicArn"]
    policy = {"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2}}
    arn = both.sns.subscribe(
        TopicArn=topic,
        Protocol="http",
        Endpoint=endpoint.url,
        Attributes={"DeliveryPolicy": json.dumps(policy)},
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    headers, body = endpoint.wait(1)
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    with urlopen(json.loads(body)["SubscribeURL"], timeout=DEADLINE_S) as answer:
        assert arn in answer.read().decode()
    endpoint.statuses = [500, 500]
    both.sns.publish(TopicArn=topic, Message="hi")
    for attempt in (2, 3, 4):
        headers, body = endpoint.wait(attempt)
    assert headers["x-amz-sns-subscription-arn"] == arn
    told = json.loads(body)
    assert told["Message"] == "hi"
    with urlopen(told["UnsubscribeURL"], timeout=DEADLINE_S):
        pass
    assert both.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_topics_and_subscriptions_outlive_the_process(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        both = Both(first)
        topic = both.sns.create_topic(Name="t.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
        _, arn = both.queue("q.fifo", FifoQueue="true")
        both.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
        sent = fifo(both, topic, "x", "d")
    with serving(tmp_path) as second:
        both = Both(second)
        assert fifo(both, topic, "again", "d") == sent
        assert fifo(both, topic, "y", "e")[1] > sent[1]
        assert both.bodies(both.queue("q.fifo", FifoQueue="true")[0]) == ["x", "y"]


def fifo(both: Both, topic: str, message: str, dedup: str) -> tuple[str, str]:
    found = both.sns.publish(
        TopicArn=topic, Message=message, MessageGroupId="g", MessageDeduplicationId=dedup
    )
    return found["MessageId"], found["SequenceNumber"]


@pytest.mark.parametrize(
    ("operation", "members", "code"),
    [
        ("create_topic", {"Name": "a b"}, "InvalidParameter"),
        ("create_topic", {}, "ValidationError"),
        ("get_topic_attributes", {"TopicArn": "x"}, "InvalidParameter"),
        ("get_topic_attributes", {}, "InvalidParameter"),
        ("list_tags_for_resource", {}, "InvalidParameter"),
        ("publish", {"Message": "x", "PhoneNumber": "+1"}, "InvalidParameter"),
        ("publish_batch", {"PublishBatchRequestEntries": []}, "EmptyBatchRequest"),
        ("subscribe", {"Protocol": "sms", "Endpoint": "+1"}, "InvalidParameter"),
        ("create_platform_application", {"Name": "a", "Platform": "GCM"}, "InvalidAction"),
    ],
)
def test_refusals_as_the_client_reports_them(
    both: Both, operation: str, members: dict[str, Any], code: str
) -> None:
    if operation in ("publish", "publish_batch", "subscribe"):
        members = {"TopicArn": both.sns.create_topic(Name="refuse")["TopicArn"], **members}
    with pytest.raises(ClientError) as refused:
        getattr(both.sns, operation)(**members)
    assert refused.value.response["Error"]["Code"] == code


def test_what_is_not_there_has_its_exception(both: Both) -> None:
    with pytest.raises(both.sns.exceptions.NotFoundException):
        both.sns.publish(TopicArn=f"arn:aws:sns:{REGION}:000000000000:none", Message="x")
