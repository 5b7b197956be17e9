"""`dragoman copy` from and to each protocol through its official client, a broker of this project on either side."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.clients.pubsub_work import Google
from tests.fakes.ends import entry

from dragoman.app.config import ServeOptions
from dragoman.app.loop import SystemClock
from dragoman.cli.api import Api, Where
from dragoman.cli.commands import run
from dragoman.cli.copying.ends import Reader, Taken
from dragoman.cli.copying.places import open_reader, open_writer, place_of
from dragoman.cli.errors import CommandError
from dragoman.console.admin.fields import to_fields
from dragoman.formats import decode
from dragoman.model.message import Message, Typed
from dragoman.testing.broker import RunningBroker, broker

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PROTOCOLS = ("kafka", "amqp", "sqs", "servicebus", "pubsub")
CLOCK = SystemClock()
COUNT = 300
READS_MAX = 100  # of 0.2 s each


class World:
    """A broker, and addresses of what is on it."""

    def __init__(self, running: RunningBroker) -> None:
        self.api = Api(Where(url=running.sqs.url))
        self.google = Google(running)
        self._running = running
        self._made = 0

    def make(self, protocol: str) -> tuple[str, str]:
        """Something new to write to and to read from: its addresses."""
        self._made += 1
        name = f"{protocol}{self._made}"
        at = self._running.endpoints
        where = f"127.0.0.1:{at.get(protocol, at['amqp'])['port']}"
        if protocol == "pubsub":
            self.google.make(name)
            return f"pubsub://{where}/default/{name}", f"pubsub://{where}/default/{name}-sub"
        self.api.post("/queues", {"name": name, "settings": {"lease_duration_ms": 60_000}})
        user = {"amqp": "guest:guest@", "sqs": "any:any@"}.get(protocol, "")
        if protocol == "dragoman":
            where = f"127.0.0.1:{at['sqs']['port']}"
        address = f"{protocol}://{user}{where}/{name}"
        return address, address

    def publish(self, address: str, messages: list[Message]) -> None:
        name = address.rpartition("/")[2]
        said = [shown(message) for message in messages]
        self.api.post(f"/streams/default/{name}/messages", {"messages": said})

    def held(self, address: str) -> list[Any]:
        name = address.rpartition("/")[2]
        found = self.api.get(f"/streams/default/{name}/messages", limit=1000)["items"]
        return [one["message"] for one in found]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    options = ServeOptions(memory=True)
    options.ports = dict.fromkeys(options.ports, 0)
    with broker(options) as running:
        yield World(running)


def full() -> Message:
    """A message that no protocol but our own has all the words for."""
    message = Message(b'{"total": 12}')
    message.headers = [("tier", "gold"), ("raw", b"\xff\x00"), ("ok", True), ("tier", "twice")]
    message.key, message.group = b"k", "g"
    message.id, message.type, message.subject = "m-1", "order", "eu/orders"
    message.content_type, message.reply_to = "application/json", "answers"
    message.correlation = Typed("u64", 7)
    message.created_at_ms = 1_700_000_000_123
    message.priority = 3
    message.trace = ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None)
    return message


def shown(message: Message) -> Any:
    """As the admin API says it."""
    return json.loads(msgspec.json.encode(to_fields(message)))


def plain(number: int) -> Message:
    return Message(b"message %d" % number)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_messages_are_the_same_behind_a_copy_to_a_protocol_and_one_from_it(
    world: World, protocol: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (source, _), (target, _) = world.make("dragoman"), world.make("dragoman")
    to, from_ = world.make(protocol)
    messages = [full(), plain(1), plain(2)]
    world.publish(source, messages)
    for one, other in ((source, to), (from_, target)):
        assert run(["copy", one, other, "--limit", "3", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["read"], found["written"], found["problems"]) == (3, 3, [])
    arrived = world.held(target)
    for message in arrived[1:]:  # what a protocol says of every message
        for field in ("created_at_ms", "durable", "id"):
            message.pop(field, None)
    arrived[0].pop("durable", None)
    sent = [shown(message) for message in messages]
    if protocol in {"sqs", "pubsub"}:  # attributes have no order
        for message in (arrived[0], sent[0]):
            message["headers"].sort(key=str)
    assert arrived == sent


def read(reader: Reader, count: int) -> list[Taken]:
    """So many messages."""
    found: list[Taken] = []
    for _ in range(READS_MAX):
        found += reader.read(count - len(found), 0.2)
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} of {count} came")


def bodies(taken: list[Taken]) -> list[bytes | None]:
    found = [decode(one.entry.format, one.entry.data) for one in taken]
    return sorted([message.body for message in found], key=str)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_was_not_settled_is_there_again_and_what_was_is_not(
    world: World, protocol: str
) -> None:
    to, from_ = world.make(protocol)
    world.publish(to, [plain(number) for number in range(4)])
    taken: list[Taken] = []
    for looks in (True, False):
        reader = open_reader(place_of(from_), CLOCK, looks=looks)
        taken = read(reader, 4)
        assert bodies(taken) == [plain(number).body for number in range(4)]
        reader.settle(taken[:1])
        reader.close()
    reader = open_reader(place_of(from_), CLOCK, looks=False)
    again = read(reader, 3)
    assert bodies(again) == bodies(taken[1:])
    reader.settle(again)
    assert reader.read(10, 0.1) == []
    reader.close()


TOO_LARGE = {  # bodies that the broker of that protocol refuses
    "kafka": 2 << 20,
    "sqs": (1 << 20) + 1,
    "pubsub": (10 << 20) + 1,
}


@pytest.mark.parametrize("protocol", TOO_LARGE)
def test_what_a_broker_refuses_is_told_apart_from_its_neighbours(
    world: World, protocol: str
) -> None:
    to, _ = world.make(protocol)
    small, large = entry(b"message 1"), entry(b"x" * TOO_LARGE[protocol])
    writer = open_writer(place_of(to), CLOCK)
    refusals = writer.write([small, large, small])
    writer.close()
    assert [bool(one) for one in refusals] == [False, True, False]
    assert [one["body"] for one in world.held(to)] == ["message 1"] * 2


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("way", ["from", "to"])
def test_what_is_not_there_is_said_in_one_line(world: World, protocol: str, way: str) -> None:
    to, from_ = world.make(protocol)
    openings: dict[str, Callable[[], object]] = {
        "from": lambda: open_reader(place_of(f"{from_}-not"), CLOCK, looks=False),
        "to": lambda: open_writer(place_of(f"{to}-not"), CLOCK),
    }
    with pytest.raises(CommandError) as caught:
        openings[way]()
    assert "-not" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_copy_that_is_killed_goes_on_when_it_is_run_again(world: World) -> None:
    (target, _), (to, from_) = world.make("dragoman"), world.make("kafka")
    world.publish(to, [plain(number) for number in range(COUNT)])
    command = [sys.executable, "-m", "dragoman", "copy", from_, target, "--idle", "0.5"]
    with subprocess.Popen([*command, "--rate", "10"], stderr=subprocess.DEVNULL) as process:
        while not world.held(target) and process.poll() is None:
            process.poll()
        process.kill()
    assert run(command[3:]) == 0
    arrived = {one["body"] for one in world.held(target)}
    assert arrived == {f"message {number}" for number in range(COUNT)}


def test_sessions_are_read_one_after_the_other_and_stay_what_they_were(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (_, from_), (_, to) = world.make("servicebus"), world.make("servicebus")
    for address, name in ((from_, "sessions-from"), (to, "sessions-to")):
        world.api.post("/queues", {"name": name, "settings": {"order": "session"}})
        assert address.startswith("servicebus://")
    source, target = (f"{each.rpartition('/')[0]}/sessions-" for each in (from_, to))
    messages = []
    for number in range(6):
        messages.append(plain(number))
        messages[-1].group = f"session-{number % 3}"
    world.publish(f"{source}from", messages)
    assert run(["copy", f"{source}from?sessions=true", f"{target}to", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["read"], found["written"], found["problems"]) == (6, 6, [])
    arrived = [(one["group"], one["body"]) for one in world.held(f"{target}to")]
    assert sorted(arrived) == sorted((m.group, (m.body or b"").decode()) for m in messages)
    for session in range(3):  # each in its order
        own = [body for group, body in arrived if group == f"session-{session}"]
        assert own == [f"message {number}" for number in range(session, 6, 3)]
    reader = open_reader(place_of(f"{source}from?sessions=true"), CLOCK, looks=False)
    assert reader.read(10, 0.1) == []
    reader.close()


def test_a_stream_of_rabbitmq_keeps_what_it_has_and_a_copy_goes_on_where_it_stopped(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (_, queue), (target, _) = world.make("amqp"), world.make("dragoman")
    name = "copied-stream"
    world.api.post("/streams", {"name": name, "settings": {"retention_ms": -1}})
    address = f"{queue.rpartition('/')[0]}/{name}"
    source = f"{address}?stream=true&checkpoint={tmp_path / 'here.json'}"
    for first in (0, 3):
        world.publish(address, [plain(number) for number in range(first, first + 3)])
        assert run(["copy", source, target, "--idle", "1", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["read"], found["written"], found["problems"]) == (3, 3, [])
    whole = [f"message {number}" for number in range(6)]
    assert [one["body"] for one in world.held(target)] == whole
    assert [one["body"] for one in world.held(address)] == whole
    assert all("headers" not in one for one in world.held(target))
