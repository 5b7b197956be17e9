"""What botocore says to SQS, request by request, answered by a broker without sockets: `python -m tests.fuzz.capture sqs`.

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


def frames() -> list[bytes]:
    """What the botocore on the path has to say."""
    import botocore.session

    wire = Wire()
    sqs = botocore.session.get_session().create_client(
        "sqs",
        endpoint_url="http://127.0.0.1:4566",
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    sqs.meta.events.register("before-send.sqs.*", wire)
    speak(sqs)
    return wire.frames


if __name__ == "__main__":
    sys.stdout.write("\n".join(frame.hex() for frame in frames()) + "\n")
