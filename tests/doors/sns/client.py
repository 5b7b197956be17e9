"""SNS and SQS in memory on one broker: requests in bytes, endpoints that tests answer for, time that is told to move."""

import json
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from tests.doors.shared.rest.client import World
from tests.doors.sqs.client import ACCOUNT, Sqs
from tests.doors.sqs.client import arn_of as queue_arn
from tests.fakes.node import FakeShell
from tests.fakes.outbound import FakeOutbound

from dragoman.doors.shared.push.door import PushDoor, pushed_by
from dragoman.doors.sns.face import SnsFace
from dragoman.doors.sns.pushing import Pushing
from dragoman.doors.sqs.face import SqsFace
from dragoman.ports.outbound import Outgoing
from dragoman.wire.aws.nested import SNS_NAMESPACE
from dragoman.wire.aws.topics import VERSION

HOOK = "http://h.test/hook"


class Refused(Exception):
    """What the service said."""

    def __init__(self, status: int, root: ET.Element) -> None:
        self.status = status
        self.code = root.findtext("Error/Code") or ""
        self.text = root.findtext("Error/Message") or ""
        super().__init__(f"{self.code}: {self.text}")


class Sns:
    """A broker with one client of SNS and one of SQS."""

    def __init__(self, users: dict[str, bytes] | None = None) -> None:
        self.face = SnsFace()
        self.world = World(self.face, SqsFace(), users=users)
        self.sqs = Sqs(self.world)
        self.client = self.world.connect()
        self.outbound = FakeOutbound()
        self.world.broker.open(self._push_door, FakeShell())

    def _push_door(self, session: Any) -> PushDoor:
        pushing = Pushing()
        door = PushDoor(
            session, self.outbound, pushing, pushed_by(pushing.name), self.world.faults.append
        )
        door.refresh()
        return door

    # --- requests ---

    def ask(self, action: str, **members: Any) -> ET.Element:
        """An action's XML, namespace taken off. Raises Refused."""
        form = urlencode({"Action": action, "Version": VERSION, **dict(_spell(members))})
        kind = [("Content-Type", "application/x-www-form-urlencoded")]
        if self.client.is_closed:  # it was quiet for too long
            self.client = self.world.connect()
        answer = self.client.ask("POST", "/", form.encode(), kind)
        return read(answer.status, answer.body)

    def visit(self, url: str) -> ET.Element:
        """Follow a link. Raises Refused."""
        if self.client.is_closed:
            self.client = self.world.connect()
        answer = self.client.ask("GET", "/" + url.split("/", 3)[3])
        return read(answer.status, answer.body)

    # --- what tests do all the time ---

    def topic(self, name: str = "news", **attributes: str) -> str:
        """Make a topic; its ARN."""
        if name.endswith(".fifo"):
            attributes = {"FifoTopic": "true", **attributes}
        root = self.ask("CreateTopic", Name=name, Attributes=attributes)
        return root.findtext("CreateTopicResult/TopicArn") or ""

    def subscribe(self, queue: str, topic: str = "news", **attributes: str) -> str:
        """Have a queue, made if it is new, get a topic's messages; the subscription's ARN."""
        self.sqs.make(queue)
        return self.join("sqs", queue_arn(queue), topic, **attributes)

    def join(self, protocol: str, endpoint: str, topic: str = "news", **attributes: str) -> str:
        root = self.ask(
            "Subscribe",
            TopicArn=arn_of(topic),
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes=attributes,
            ReturnSubscriptionArn="true",
        )
        return root.findtext("SubscribeResult/SubscriptionArn") or ""

    def hook(self, **attributes: str) -> str:
        """A confirmed subscription of HOOK."""
        arn = self.join("http", HOOK, **attributes)
        self.visit(json.loads(self.answer().body)["SubscribeURL"])
        return arn

    def publish(self, message: str, topic: str = "news", **members: Any) -> str:
        root = self.ask("Publish", TopicArn=arn_of(topic), Message=message, **members)
        return root.findtext("PublishResult/MessageId") or ""

    def attributes(self, arn: str) -> dict[str, str]:
        kind = "Subscription" if arn.count(":") == 6 else "Topic"
        root = self.ask(f"Get{kind}Attributes", **{f"{kind}Arn": arn})
        return {
            entry.findtext("key") or "": entry.findtext("value") or ""
            for entry in root.iter("entry")
        }

    def set(self, arn: str, name: str, value: str) -> None:
        kind = "Subscription" if arn.count(":") == 6 else "Topic"
        self.ask(
            f"Set{kind}Attributes",
            **{f"{kind}Arn": arn, "AttributeName": name, "AttributeValue": value},
        )

    def answer(self, status: int = 200, **more: Any) -> Outgoing:
        """The endpoint answers the oldest request."""
        self.world.broker.begin_turn()
        request = self.outbound.answer(status, **more)
        self.world.run()
        return request

    def pass_s(self, seconds: float) -> None:
        self.world.advance(int(seconds * 1000))


def read(status: int, body: bytes) -> ET.Element:
    root = ET.fromstring(body.decode().replace(f' xmlns="{SNS_NAMESPACE}"', ""))
    if status != 200:
        raise Refused(status, root)
    return root


def arn_of(topic: str = "news") -> str:
    return f"arn:aws:sns:us-east-1:{ACCOUNT}:{topic}"


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def number(value: float | str) -> dict[str, str]:
    return {"DataType": "Number", "StringValue": str(value)}


def _spell(members: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """As botocore spells it."""
    found: list[tuple[str, str]] = []
    for name, value in members.items():
        if isinstance(value, list):
            items = {f"{prefix}{name}.member.{n}": one for n, one in enumerate(value, 1)}
            for known, one in items.items():
                found += _spell(one, known + ".") if isinstance(one, dict) else [(known, one)]
        elif name in ("Attributes", "MessageAttributes"):
            key, item = ("key", "value") if name == "Attributes" else ("Name", "Value")
            for n, (known, one) in enumerate(value.items(), 1):
                start = f"{prefix}{name}.entry.{n}."
                found.append((start + key, known))
                nested = isinstance(one, dict)
                found += _spell(one, f"{start}{item}.") if nested else [(start + item, one)]
        elif value is not None:
            found.append((f"{prefix}{name}", value))
    return found
