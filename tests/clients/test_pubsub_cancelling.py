"""gRPC's own client gives up thousands of calls of Pub/Sub: the broker keeps nothing of them, a neighbour waits for nothing.

The broker is a process of its own, so that its memory is its own.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import grpc
import pytest
from google.pubsub_v1 import types
from tests.clients.pubsub_work import subscription, topic

pytestmark = pytest.mark.clients

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SUBSCRIBER: Final = "/google.pubsub.v1.Subscriber/"
PUBLISHER: Final = "/google.pubsub.v1.Publisher/"
AT_ONCE: Final = 50
ROUNDS: Final = 40
GROWTH_BYTES_MAX: Final = 4_000_000  # 2 KB of each call would be more
DEADLINE_S: Final = 20.0


class Pubsub:
    """Raw calls to a broker, by types of Google's."""

    def __init__(self, address: str, pid: int) -> None:
        self.address = address
        self.pid = pid
        self.channel = grpc.insecure_channel(address)

    def method(self, name: str, request: Any, response: Any, channel: Any = None) -> Any:
        service = PUBLISHER if name in {"CreateTopic", "Publish"} else SUBSCRIBER
        return (channel or self.channel).unary_unary(
            service + name, request_serializer=request.serialize, response_deserializer=response
        )

    def streams(self, channel: Any) -> Any:
        return channel.stream_stream(
            f"{SUBSCRIBER}StreamingPull",
            request_serializer=types.StreamingPullRequest.serialize,
            response_deserializer=types.StreamingPullResponse.deserialize,
        )

    def memory_bytes(self) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")


@pytest.fixture(scope="module")
def pubsub() -> Iterator[Pubsub]:
    command = [sys.executable, "-m", "dragoman", "serve", "--memory", "--log", "json"]
    command += ["--port", "all=0"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        found = Pubsub(ready["endpoints"]["pubsub"]["emulator_host"], process.pid)
        found.method("CreateTopic", types.Topic, types.Topic.deserialize)(
            types.Topic(name=topic("orders"))
        )
        for name in ("given-up", "neighbour"):
            made = types.Subscription(name=subscription(name), topic=topic("orders"))
            found.method("CreateSubscription", types.Subscription, types.Subscription.deserialize)(
                made
            )
        yield found
        found.channel.close()
        process.terminate()
        process.wait(DEADLINE_S)


def requests(name: str, over: threading.Event) -> Iterator[types.StreamingPullRequest]:
    """One, and then none until it is over: a stream whose requests end is ended."""
    yield opening(name)
    over.wait(DEADLINE_S * 5)


def opening(name: str) -> types.StreamingPullRequest:
    return types.StreamingPullRequest(
        subscription=subscription(name), stream_ack_deadline_seconds=10
    )


def give_up(pubsub: Pubsub, channel: Any) -> None:
    """Streams, calls that wait, and calls whose deadline is over at once; all of them cancelled."""
    pull = pubsub.method("Pull", types.PullRequest, types.PullResponse.deserialize, channel)
    request = types.PullRequest(subscription=subscription("given-up"), max_messages=1)
    over = threading.Event()
    streams = [pubsub.streams(channel)(requests("given-up", over)) for _ in range(AT_ONCE)]
    waiting = [pull.future(request, timeout=DEADLINE_S) for _ in range(AT_ONCE // 2)]
    late = [pull.future(request, timeout=0.001) for _ in range(AT_ONCE // 2)]
    for call in (*streams, *waiting):
        call.cancel()
    for call in late:
        assert call.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    over.set()


def check_neighbour(pubsub: Pubsub, neighbour: Any) -> None:
    """A message published now reaches the neighbour."""
    message = types.PubsubMessage(data=b"for the neighbour")
    request = types.PublishRequest(topic=topic("orders"), messages=[message])
    publish = pubsub.method("Publish", types.PublishRequest, types.PublishResponse.deserialize)
    publish(request, timeout=DEADLINE_S)
    while not (received := next(neighbour).received_messages):
        pass
    ids = [one.ack_id for one in received]
    acknowledge = pubsub.method("Acknowledge", types.AcknowledgeRequest, bytes)
    acknowledge(types.AcknowledgeRequest(subscription=subscription("neighbour"), ack_ids=ids))


@pytest.mark.timeout(120)
def test_four_thousand_calls_that_are_given_up_leave_nothing_and_stall_nobody(
    pubsub: Pubsub,
) -> None:
    over = threading.Event()
    neighbour = pubsub.streams(pubsub.channel)(requests("neighbour", over), timeout=100)
    start_bytes = 0
    for number in range(ROUNDS):
        options = [("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(pubsub.address, options=options) as channel:
            give_up(pubsub, channel)
        check_neighbour(pubsub, neighbour)
        if number == ROUNDS // 4:
            start_bytes = pubsub.memory_bytes()
    grown = pubsub.memory_bytes() - start_bytes
    neighbour.cancel()
    over.set()
    assert grown < GROWTH_BYTES_MAX
