"""Scenarios of requests to the management API, as text, and what plays them on two brokers step by step.

    == a queue is made, told and deleted
    PUT queues/v/q {"durable": true}
    GET queues/v/q?columns=name,durable
    as other:secret DELETE queues/v/q
    1 basic.consume q
    differs RabbitMQ says so otherwise
    - 3 status: 401
    + 3 status: 204

Paths are below /api. `v` stands for a virtual host that is made for this scenario alone, with a name of its own, as
RabbitMQ remembers statistics by name; lines that begin with a channel are methods, as in `script`, of connections to
it. `*` in a path stands for the name that the first item of the answer before has. A
difference names the request by its number.
"""

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests_other.rabbitmq.answers import Answer, lines_of
from tests_other.rabbitmq.player import Address, Player
from tests_other.rabbitmq.script import Step, step
from tests_other.rabbitmq.transcript import difference

FOLDER: Final = Path(__file__).parent / "requests"
METHODS: Final = ("GET", "PUT", "POST", "DELETE")
VHOST: Final = "v"
NODE: Final = "rabbit@node"
GUEST: Final = "guest:guest"
PATIENCE_S: Final = 8.0  # RabbitMQ tells statistics some seconds late
POLL_S: Final = 0.1
ANSWER_S_MAX: Final = 30.0
NUMBERS: Final = count(1)  # of virtual hosts


@dataclass(frozen=True)
class Request:
    """One request. `body` is sent as it stands."""

    method: str
    path: str
    body: str = ""
    who: str = GUEST


@dataclass
class Dialogue:
    """`reason` says why Dragoman differs in just the lines of `difference`, on purpose."""

    title: str
    area: str
    steps: list[Request | Step] = field(default_factory=list)
    reason: str = ""
    difference: list[str] = field(default_factory=list)

    def differs_in(self, number: int) -> list[str]:
        """What is to differ in the answer to that request, sorted."""
        lines = [line[2:].partition(" ") for line in self.difference]
        told = zip(self.difference, lines, strict=True)
        return sorted(f"{line[0]} {rest}" for line, (of, _, rest) in told if of == str(number))


def load() -> list[Dialogue]:
    """All, by file and place."""
    return [one for file in sorted(FOLDER.glob("*.txt")) for one in read(file)]


def read(file: Path) -> Iterator[Dialogue]:
    """Those of one file."""
    found: Dialogue | None = None
    for line in file.read_text().splitlines():
        if line.startswith("== "):
            if found is not None:
                yield found
            found = Dialogue(line[3:], file.stem)
        elif found is not None and line.startswith("differs "):
            found.reason = line.removeprefix("differs ")
        elif found is not None and line.startswith(("- ", "+ ")):
            found.difference.append(line)
        elif found is not None and line and not line.startswith("#"):
            found.steps.append(request(line) if _is_request(line) else step(line))
    if found is not None:
        yield found


def _is_request(line: str) -> bool:
    return line.startswith(("as ", *(f"{method} " for method in METHODS)))


def request(line: str) -> Request:
    """One line of a scenario."""
    who = GUEST
    if line.startswith("as "):
        _, who, line = line.split(" ", 2)
    method, _, rest = line.partition(" ")
    path, _, body = rest.partition(" ")
    return Request(method, path, body, who)


class Asker:
    """One broker: its management API, and connections of AMQP to the virtual host `v`."""

    def __init__(self, management: Address, amqp: Address) -> None:
        self._url = f"http://{management[0]}:{management[1]}/api/"
        self._made: list[str] = []  # paths, to be deleted at the end
        self._name = ""  # that a `*` stands for
        self._amqp = amqp
        self._player = Player(amqp)
        self._vhost = VHOST
        self._node = NODE  # as this broker calls it
        self._node = str(self.ask(Request("GET", "overview")).body["node"])

    def ask(self, asked: Request) -> Answer:
        """Raises OSError when there is no answer."""
        path = "/".join(self._vhost if part == VHOST else part for part in asked.path.split("/"))
        path = path.replace("/v?", f"/{self._vhost}?").replace("*", quote(self._name, safe=""))
        headers = {"content-type": "application/json", "connection": "close"}
        if asked.who != "nobody":
            headers["authorization"] = f"Basic {b64encode(asked.who.encode()).decode()}"
        body = asked.body.replace(f'"{VHOST}"', f'"{self._vhost}"')
        data = body.encode() if asked.method in {"PUT", "POST"} else None
        call = urllib.request.Request(self._url + path, data, headers, method=asked.method)
        try:
            with urllib.request.urlopen(call, timeout=ANSWER_S_MAX) as answer:
                status, text = answer.status, answer.read()
                location = answer.headers.get("location") or ""
        except urllib.error.HTTPError as error:
            status, text, location = error.code, error.read(), ""
        if asked.method == "PUT" and status in {201, 204}:
            self._made.append(path)
        text = text.replace(self._vhost.encode(), VHOST.encode())
        text = text.replace(self._node.encode(), NODE.encode())
        return Answer(status, _body(text), location)

    def lines(self, asked: Request) -> list[str]:
        """What the answer says."""
        answer = self.ask(asked)
        items = answer.body if isinstance(answer.body, list) else []
        if items and isinstance(items[0], dict):
            self._name = str(items[0].get("name", self._name))
        return lines_of(answer, asked.path)

    def take(self, one: Step) -> None:
        """A step of AMQP."""
        self._player.take(one)

    def begin(self, vhost: str) -> None:
        """A virtual host, empty, and of that name."""
        self._vhost = vhost
        self._player = Player(self._amqp, vhost)
        self.ask(Request("PUT", f"vhosts/{VHOST}"))

    def tidy(self) -> None:
        """What other suites have left in `/` is deleted."""
        for kind in ("queues", "exchanges"):
            for item in self.ask(Request("GET", f"{kind}/%2F?columns=name")).body:
                if item["name"] and not item["name"].startswith("amq."):
                    name = quote(item["name"], safe="")
                    self.ask(Request("DELETE", f"{kind}/%2F/{name}"))

    def keep(self) -> None:
        """What was made until now stays."""
        self._made.clear()

    def end(self) -> None:
        """All that was made is deleted, the latest first."""
        self._player.hang_up()
        for path in reversed(self._made):
            self.ask(Request("DELETE", path))
        self._made.clear()


def _body(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode(errors="replace")


def play(one: Dialogue, theirs: Asker, ours: Asker) -> tuple[list[str], dict[int, list[str]]]:
    """The whole difference, and what RabbitMQ said in answer to each request."""
    found: list[str] = []
    said: dict[int, list[str]] = {}
    vhost = f"vhost-{next(NUMBERS):04}"
    theirs.begin(vhost)
    ours.begin(vhost)
    try:
        number = 0
        for each in one.steps:
            if isinstance(each, Step):
                theirs.take(each)
                ours.take(each)
                continue
            number += 1
            said[number], lines = _compared(each, theirs, ours, one.differs_in(number))
            found += [f"{line[0]} {number} {line[2:]}" for line in lines]
    finally:
        theirs.end()
        ours.end()
    return found, said


def _compared(
    asked: Request, theirs: Asker, ours: Asker, expected: list[str]
) -> tuple[list[str], list[str]]:
    """What RabbitMQ said, and how it differs: at last, where the request only asks."""
    give_up = time.monotonic() + PATIENCE_S
    while True:
        said, mine = theirs.lines(asked), ours.lines(asked)
        found = differing(said, mine)
        if sorted(found) == expected or asked.method != "GET" or time.monotonic() > give_up:
            return said, found
        time.sleep(POLL_S)


def differing(theirs: list[str], ours: list[str]) -> list[str]:
    """`- line` where RabbitMQ alone says so, `+ line` where Dragoman alone does."""
    lines = difference({"": theirs}, {"": ours})
    return [f"{line[0]} {line[4:]}" for line in lines]
