"""LocalStack's own paths."""

import json

import pytest
from tests.doors.shared.rest.client import World, header
from tests.doors.sqs.client import Sqs, url_of

from dragoman import formats
from dragoman.doors.sqs.face import SqsFace
from dragoman.doors.sqs.localstack import LocalstackFace
from dragoman.formats.options import RenderOptions
from dragoman.kernel.api import Address, Publish
from dragoman.model.levels import AMQP091
from dragoman.model.message import Message

MESSAGES = "/_aws/sqs/messages"


@pytest.fixture
def sqs() -> Sqs:
    sqs = Sqs(World(SqsFace(is_strict=False), LocalstackFace()))
    sqs.make("orders")
    return sqs


def look(sqs: Sqs, target: str, *, kind: str = "application/json") -> list[str]:
    answer = sqs.client.ask("GET", target, headers=[("Accept", kind)])
    assert answer.status == 200, answer.body
    result = json.loads(answer.body)["ReceiveMessageResponse"]["ReceiveMessageResult"]
    return [one["Body"] for one in result["Message"]] if result else []


def test_health_says_that_sqs_runs(sqs: Sqs) -> None:
    answer = sqs.client.ask("GET", "/_localstack/health")
    assert json.loads(answer.body)["services"]["sqs"] == "running"


def test_messages_are_looked_at_and_stay(sqs: Sqs) -> None:
    assert look(sqs, f"{MESSAGES}?QueueUrl={url_of('orders')}") == []
    for body in ("a", "b", "later"):
        sqs.send("orders", body, DelaySeconds=60 if body == "later" else 0)
    (taken,) = sqs.receive("orders", 1)
    target = f"{MESSAGES}?QueueUrl={url_of('orders')}"
    for _ in range(2):
        assert look(sqs, target) == ["b"]
    assert look(sqs, f"{MESSAGES}/us-east-1/000000000000/orders") == ["b"]
    assert sorted(look(sqs, f"{target}&ShowInvisible=true")) == ["a", "b"]
    sqs.delete("orders", taken)
    assert look(sqs, f"{target}&ShowInvisible=true") == ["b"]


def test_what_a_queue_delays_is_shown_when_asked_for(sqs: Sqs) -> None:
    sqs.make("slow", DelaySeconds="60")
    sqs.send("slow", "later")
    target = f"{MESSAGES}?QueueUrl={url_of('slow')}"
    assert look(sqs, target) == []
    assert look(sqs, f"{target}&ShowDelayed=true") == ["later"]


def test_xml_is_what_is_answered_otherwise(sqs: Sqs) -> None:
    sqs.send("orders", "a")
    answer = sqs.client.ask("GET", f"{MESSAGES}?QueueUrl={url_of('orders')}")
    assert header(answer, b"content-type") == b"text/xml"
    assert b"<Body>a</Body>" in answer.body
    assert b"SQS/BACKDOOR/ACCESS" in answer.body


def test_a_client_may_receive_there(sqs: Sqs) -> None:
    sqs.send("orders", "a", MessageAttributes={"n": {"DataType": "String", "StringValue": "v"}})
    body = json.dumps({"QueueUrl": url_of("orders")}).encode()
    for _ in range(2):
        answer = sqs.client.ask(
            "POST", MESSAGES, body, [("X-Amz-Target", "AmazonSQS.ReceiveMessage")]
        )
        (message,) = json.loads(answer.body)["Messages"]
        assert message["MessageAttributes"]["n"]["StringValue"] == "v"
        assert message["Attributes"]["ApproximateReceiveCount"] == "0"


def test_messages_of_other_protocols_are_shown_too(sqs: Sqs) -> None:
    sqs.make("a.fifo")
    (entry,) = formats.render([(Message(b"from rabbitmq"), None)], AMQP091, RenderOptions("q"))
    for name in ("orders", "a.fifo"):
        for each in (entry, b"rubbish"):
            command = Publish("default", Address(name), AMQP091, [each])
            command.keys = [b""]
            sqs.client.session.publish(command)
        sqs.world.run()
        assert look(sqs, f"{MESSAGES}?QueueUrl={url_of(name)}") == ["from rabbitmq", "rubbish"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (MESSAGES, 400),
        (f"{MESSAGES}?QueueUrl={url_of('nowhere')}", 400),
        (f"{MESSAGES}/us-east-1/12/orders", 400),
        ("/_localstack/nothing", 404),
        ("/_aws/lambda", 404),
    ],
)
def test_what_is_not_there(sqs: Sqs, target: str, status: int) -> None:
    assert sqs.client.ask("GET", target).status == status


def test_other_methods_and_paths() -> None:
    sqs = Sqs(World(SqsFace(), LocalstackFace()))
    assert sqs.client.ask("DELETE", "/_localstack/health").status == 405
    assert sqs.client.ask("GET", "/elsewhere").status == 404
