"""What the tests of SQS's clients share: a broker in a thread, a client of each protocol, and what clients get wrong.

Calls go through `Caller.call(operation, **members)`, so that one test drives the present client (JSON) and the last one
that speaks the query protocol (XML), which lives in a folder and a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.clients.sqs_query_pack import pack, unpack

from dragoman.app.config import ServeOptions
from dragoman.testing.broker import RunningBroker, broker

DEADLINE_S = 20.0
ROOT = Path(__file__).parents[2]
OLD_BOTOCORE = Path(sys.prefix, "botocore-query")
REGION = "eu-west-1"
UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})


@contextmanager
def serving(
    folder: Path | None = None,
    port: int = 0,
    keys: dict[str, str] | None = None,
    push_allow: tuple[str, ...] = (),
) -> Iterator[RunningBroker]:
    """A broker while the block runs: in memory, or on files in `folder`."""
    options = ServeOptions(
        data=str(folder or ""),
        memory=folder is None,
        ports={"sqs": port, "kafka": 0, "amqp": 0},
        keys=keys or {},
        push_allow=push_allow,
    )
    with broker(options) as running:
        yield running


def client(running: RunningBroker, key: str = "any", secret: str = "any") -> Any:
    """boto3, checking nothing itself that the broker should check."""
    return boto3.client(
        "sqs",
        endpoint_url=running.sqs.url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=UNCHECKED,
    )


class Refused(Exception):
    """A refusal as the client reports it."""

    def __init__(self, code: str, status: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.status = status


class JsonCaller:
    """boto3: JSON 1.0."""

    def __init__(self, running: RunningBroker) -> None:
        self._client = client(running)

    def call(self, operation: str, **members: Any) -> Any:
        """Raises Refused."""
        try:
            answer = self._client._make_api_call(operation, members)
        except ClientError as error:
            document = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise Refused(document["Code"], status, document["Message"]) from error
        del answer["ResponseMetadata"]
        return answer

    def close(self) -> None:
        self._client.close()


class QueryCaller:
    """botocore 1.31: query and XML."""

    def __init__(self, running: RunningBroker) -> None:
        command = [sys.executable, str(ROOT / "tests" / "clients" / "sqs_query_worker.py")]
        command += [str(OLD_BOTOCORE), running.sqs.url]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, operation: str, **members: Any) -> Any:
        """Raises Refused."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([operation, pack(members)]) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        if "error" in found:
            raise Refused(*found["error"])
        return unpack(found["answer"])

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(DEADLINE_S)
        if self._process.stdout is not None:
            self._process.stdout.close()


Caller = JsonCaller | QueryCaller
CALLERS: Mapping[str, type[Caller]] = {"json": JsonCaller, "query": QueryCaller}


def arn_of(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:000000000000:{name}"


# What is refused, whoever asks in whichever protocol: {url}, {fifo}, {large}, {gone}, {handle} are filled in.

PREFIX = "AWS.SimpleQueueService."
REFUSED: list[tuple[str, dict[str, Any], str, int]] = [
    ("CreateQueue", {"QueueName": "a b"}, "InvalidParameterValue", 400),
    ("CreateQueue", {"QueueName": "orders", "Attributes": {"DelaySeconds": "7"}}, "QueueAlreadyExists", 400),
    ("CreateQueue", {"QueueName": "x", "Attributes": {"Nothing": "1"}}, "InvalidAttributeName", 400),
    ("CreateQueue", {"QueueName": "x", "Attributes": {"DelaySeconds": "-1"}}, "InvalidAttributeValue", 400),
    ("CreateQueue", {"QueueName": "{gone}"}, PREFIX + "QueueDeletedRecently", 400),
    ("GetQueueUrl", {"QueueName": "nowhere"}, PREFIX + "NonExistentQueue", 400),
    ("DeleteQueue", {"QueueUrl": "{url}/nowhere"}, PREFIX + "NonExistentQueue", 400),
    ("ListQueues", {"MaxResults": 0}, "InvalidParameterValue", 400),
    ("ListDeadLetterSourceQueues", {"QueueUrl": "{url}", "MaxResults": 0}, "InvalidParameterValue", 400),
    ("GetQueueAttributes", {"QueueUrl": "{url}", "AttributeNames": ["Nothing"]}, "InvalidAttributeName", 400),
    ("SetQueueAttributes", {"QueueUrl": "{url}", "Attributes": {"Nothing": "1"}}, "InvalidAttributeName", 400),
    ("SetQueueAttributes", {"QueueUrl": "{url}", "Attributes": {"VisibilityTimeout": "x"}}, "InvalidAttributeValue", 400),
    ("SetQueueAttributes", {"QueueUrl": "{url}", "Attributes": {"RedrivePolicy": "{}"}}, "InvalidParameterValue", 400),
    ("TagQueue", {"QueueUrl": "{url}", "Tags": {"aws:x": "y"}}, "InvalidParameterValue", 400),
    ("UntagQueue", {"QueueUrl": "{url}", "TagKeys": []}, "MissingParameter", 400),
    ("ListQueueTags", {"QueueUrl": "{url}/nowhere"}, PREFIX + "NonExistentQueue", 400),
    ("AddPermission", {"QueueUrl": "{url}", "Label": "l", "AWSAccountIds": ["1" * 12], "Actions": ["SendMessage"] * 8}, "OverLimit", 403),
    ("RemovePermission", {"QueueUrl": "{url}", "Label": "nothing"}, "InvalidParameterValue", 400),
    ("PurgeQueue", {"QueueUrl": "{fifo}"}, PREFIX + "PurgeQueueInProgress", 403),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": ""}, "MissingParameter", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "a\x0bb"}, "InvalidMessageContents", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "x" * 1025}, "InvalidParameterValue", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue", 400),
    ("SendMessage", {"QueueUrl": "{fifo}", "MessageBody": "x"}, "MissingParameter", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Text", "StringValue": "v"}}}, "InvalidParameterValue", 400),
    ("SendMessage", {"QueueUrl": "{url}", "MessageBody": "x", "MessageAttributes": {"a": {"DataType": "String", "StringListValues": ["v"]}}}, PREFIX + "UnsupportedOperation", 400),
    ("SendMessageBatch", {"QueueUrl": "{url}", "Entries": []}, PREFIX + "EmptyBatchRequest", 400),
    ("SendMessageBatch", {"QueueUrl": "{url}", "Entries": [{"Id": f"{n}", "MessageBody": "x"} for n in range(11)]}, PREFIX + "TooManyEntriesInBatchRequest", 400),
    ("SendMessageBatch", {"QueueUrl": "{url}", "Entries": [{"Id": "a", "MessageBody": "x"}] * 2}, PREFIX + "BatchEntryIdsNotDistinct", 400),
    ("SendMessageBatch", {"QueueUrl": "{url}", "Entries": [{"Id": "a b", "MessageBody": "x"}]}, PREFIX + "InvalidBatchEntryId", 400),
    ("SendMessageBatch", {"QueueUrl": "{large}", "Entries": [{"Id": f"{n}", "MessageBody": "x" * 600_000} for n in range(2)]}, PREFIX + "BatchRequestTooLong", 400),
    ("ReceiveMessage", {"QueueUrl": "{url}", "MaxNumberOfMessages": 11}, "InvalidParameterValue", 400),
    ("ReceiveMessage", {"QueueUrl": "{url}", "WaitTimeSeconds": 21}, "InvalidParameterValue", 400),
    ("ReceiveMessage", {"QueueUrl": "{url}", "ReceiveRequestAttemptId": "x"}, "InvalidParameterValue", 400),
    ("DeleteMessage", {"QueueUrl": "{url}", "ReceiptHandle": "rubbish"}, "ReceiptHandleIsInvalid", 404),
    ("DeleteMessageBatch", {"QueueUrl": "{url}", "Entries": []}, PREFIX + "EmptyBatchRequest", 400),
    ("ChangeMessageVisibility", {"QueueUrl": "{url}", "ReceiptHandle": "{handle}", "VisibilityTimeout": 43201}, "InvalidParameterValue", 400),
    ("ChangeMessageVisibility", {"QueueUrl": "{url}", "ReceiptHandle": "{handle}", "VisibilityTimeout": 5}, PREFIX + "MessageNotInflight", 400),
    ("ChangeMessageVisibilityBatch", {"QueueUrl": "{url}", "Entries": []}, PREFIX + "EmptyBatchRequest", 400),
    ("StartMessageMoveTask", {"SourceArn": arn_of("nowhere")}, "ResourceNotFoundException", 404),
    ("StartMessageMoveTask", {"SourceArn": arn_of("orders")}, "InvalidParameterValue", 400),
    ("ListMessageMoveTasks", {"SourceArn": arn_of("nowhere")}, "ResourceNotFoundException", 404),
    ("CancelMessageMoveTask", {"TaskHandle": "rubbish"}, "InvalidParameterValue", 400),
]  # fmt: skip
