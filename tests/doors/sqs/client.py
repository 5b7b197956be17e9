"""SQS in memory: requests in bytes, in either protocol, and time that moves only when told to."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from tests.doors.shared.rest.client import Client, World, answers, request

from dragoman.doors.shared.rest.call import Response
from dragoman.doors.sqs.face import SqsFace
from dragoman.wire.aws.xml import SQS_NAMESPACE

ACCOUNT = "000000000000"


class Refused(Exception):
    """What the service said, in both spellings."""

    def __init__(self, answer: Response) -> None:
        document = json.loads(answer.body)
        headers = dict(answer.headers)
        self.status = answer.status
        self.type = document["__type"].partition("#")[2]
        self.text = document["message"]
        self.code, _, self.fault = headers[b"x-amzn-query-error"].decode().partition(";")
        super().__init__(f"{self.code}: {self.text}")


class Sqs:
    """One client of one broker. `orders` is not there until somebody makes it."""

    def __init__(
        self,
        world: World | None = None,
        *,
        is_strict: bool = True,
        users: dict[str, bytes] | None = None,
    ) -> None:
        self.world = world or World(SqsFace(is_strict=is_strict), users=users)
        self.client: Client = self.world.connect()

    def another(self) -> "Sqs":
        """A second connection to the same broker."""
        return Sqs(self.world)

    # --- JSON ---

    def begin(self, action: str, **members: Any) -> None:
        """Send a request whose answer may come later."""
        headers = [
            ("X-Amz-Target", f"AmazonSQS.{action}"),
            ("Content-Type", "application/x-amz-json-1.0"),
        ]
        if self.client.is_closed:  # it was quiet for too long
            self.client = self.world.connect()
        self.client.send(request("POST", "/", json.dumps(members).encode(), headers))

    def end(self) -> Any:
        """The answer, None while there is none. Raises Refused."""
        data = self.client.take()
        if not data:
            return None
        (answer,) = answers(data)
        if answer.status != 200:
            raise Refused(answer)
        return json.loads(answer.body) if answer.body else {}

    def ask(self, action: str, **members: Any) -> Any:
        """A request and its answer. Raises Refused."""
        self.begin(action, **members)
        found = self.end()
        assert found is not None, f"{action} is not answered"
        return found

    # --- the query protocol ---

    def query(
        self, action: str, path: str = "/", method: str = "POST", **parameters: str
    ) -> ET.Element:
        """An action's XML, namespaces taken off; `A__1__B` is the parameter A.1.B."""
        pairs = {name.replace("__", "."): value for name, value in parameters.items()}
        form = urlencode({"Action": action, "Version": "2012-11-05", **pairs})
        if method == "GET":
            answer = self.client.ask("GET", f"{path}?{form}")
        else:
            kind = [("Content-Type", "application/x-www-form-urlencoded")]
            answer = self.client.ask("POST", path, form.encode(), kind)
        text = answer.body.decode().replace(f' xmlns="{SQS_NAMESPACE}"', "")
        root = ET.fromstring(text)
        root.set("status", str(answer.status))
        return root

    # --- what tests do all the time ---

    def make(self, name: str = "orders", **attributes: str) -> str:
        """Create a queue; its URL."""
        if name.endswith(".fifo"):
            attributes.setdefault("FifoQueue", "true")
        url: str = self.ask("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def send(self, name: str, body: str, **members: Any) -> Any:
        return self.ask("SendMessage", QueueUrl=url_of(name), MessageBody=body, **members)

    def receive(self, name: str, count: int = 10, **members: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask(
            "ReceiveMessage", QueueUrl=url_of(name), MaxNumberOfMessages=count, **members
        ).get("Messages", [])
        return found

    def bodies(self, name: str, count: int = 10, **members: Any) -> list[str]:
        return [message["Body"] for message in self.receive(name, count, **members)]

    def delete(self, name: str, message: Mapping[str, Any]) -> None:
        self.ask("DeleteMessage", QueueUrl=url_of(name), ReceiptHandle=message["ReceiptHandle"])

    def attributes(self, name: str, *names: str) -> dict[str, str]:
        found: dict[str, str] = self.ask(
            "GetQueueAttributes", QueueUrl=url_of(name), AttributeNames=list(names or ("All",))
        ).get("Attributes", {})
        return found

    def counts(self, name: str) -> tuple[int, int, int]:
        """(ready, in flight, delayed)."""
        found = self.attributes(name)
        kinds = ("", "NotVisible", "Delayed")
        ready, held, delayed = (int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)
        return ready, held, delayed

    def pass_s(self, seconds: float) -> None:
        self.world.advance(int(seconds * 1000))


def url_of(name: str, account: str = ACCOUNT) -> str:
    return f"http://here/{account}/{name}"


def arn_of(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:sqs:us-east-1:{account}:{name}"


def redrive(name: str, count: Any = 2) -> str:
    return json.dumps({"deadLetterTargetArn": arn_of(name), "maxReceiveCount": count})
