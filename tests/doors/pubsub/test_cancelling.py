"""Thousands of calls that are given up: nothing is left of them, and a neighbour gets its messages meanwhile.

Over real frames, from another library's HTTP/2, several connections at once; the limit on resets is kept to.
"""

import random
from typing import Any, Final

import pytest
from tests.doors.pubsub.client import subscription, topic
from tests.doors.shared.grpc.client import GRPC, Client, World
from tests.fuzz.rig import Memory

from dragoman.doors.pubsub.services import make_services
from dragoman.wire.grpc.codes import CANCELLED, DEADLINE_EXCEEDED, OK
from dragoman.wire.protobuf.pubsub import PUBSUB

PUBLISHER: Final = "/google.pubsub.v1.Publisher/"
SUBSCRIBER: Final = "/google.pubsub.v1.Subscriber/"
CONNECTIONS: Final = 4
AT_ONCE: Final = 40
ROUNDS: Final = 25
LEASE_MS: Final = 11_000
STREAMS: Final = CONNECTIONS * AT_ONCE * ROUNDS
GROWTH_BYTES_MAX: Final = 2_000_000  # a kilobyte of each call would be twice that
DEADLINES: Final = (b"1n", b"1u", b"1m", b"20m", b"0S", b"99999999H", b"1S", b"100m")
ODD_DEADLINES: Final = (b"", b"1", b"m", b"-1m", b"999999999S", b"1.5S", b"1 S", b"1x")


class Neighbourhood:
    """A broker with a topic and two subscriptions; a neighbour that has a stream open on one of them."""

    def __init__(self) -> None:
        self.world = World(services=make_services())
        self.neighbour = Client(self.world)
        self.ask("CreateTopic", name=topic("orders"))
        for name in ("sub", "other"):
            self.ask("CreateSubscription", name=subscription(name), topic=topic("orders"))
        self.stream = self.pull(self.neighbour, "other")

    def ask(self, method: str, **fields: Any) -> Any:
        service = PUBLISHER if method in PUBSUB.services["Publisher"] else SUBSCRIBER
        request = PUBSUB.services[service.split(".")[-1].strip("/")][method].request
        number = self.neighbour.begin(service + method, GRPC)
        answer = self.neighbour.send(number, request(**fields), ends=True)
        self.world.progress()
        self.neighbour.exchange()
        assert answer.status == OK, answer.message
        return answer

    def pull(self, client: Client, sub: str, *headers: tuple[bytes, bytes]) -> int:
        """Open a StreamingPull."""
        number = client.begin(SUBSCRIBER + "StreamingPull", [*GRPC, *headers])
        client.send(
            number,
            PUBSUB["StreamingPullRequest"](
                subscription=subscription(sub), stream_ack_deadline_seconds=10
            ),
        )
        return number

    def wait(self, client: Client, timeout: bytes) -> int:
        """Begin a Pull that waits for a message."""
        number = client.begin(SUBSCRIBER + "Pull", [*GRPC, (b"grpc-timeout", timeout)])
        request = PUBSUB["PullRequest"](subscription=subscription("sub"), max_messages=1)
        client.send(number, request, ends=True)
        return number

    def check_neighbour(self) -> None:
        """A message reaches the neighbour without any time passing."""
        answer = self.neighbour.answers[self.stream]
        before = len(answer.data)
        self.ask("Publish", topic=topic("orders"), messages=[{"data": b"for the neighbour"}])
        assert b"for the neighbour" in answer.data[before:]
        answer.data = b""

    def calm(self) -> None:
        """Time enough for what may be reset to be earned back."""
        self.world.advance(2_000)

    def check_nothing_is_left(self, *clients: Client) -> None:
        """The neighbour's stream alone reads, and connections remember no call."""
        self.world.advance(LEASE_MS)
        assert len(self.world.kernel.state.holders) == 1
        assert len(self.world.broker.sessions()) == 1 + len(clients)
        for client in clients:
            link = client.door._link
            assert not (link.tags or link.waiting or link.timed), "calls that are over"
        assert not self.world.faults


def given_up(there: Neighbourhood, clients: list[Client], chance: random.Random) -> None:
    """One round: streams and pulls, half of them half-sent, all cancelled in any order."""
    begun: list[tuple[Client, int]] = []
    for client in clients:
        for at in range(AT_ONCE):
            if at % 3 == 0:
                number = there.wait(client, b"59S")
            elif at % 3 == 1:
                number = there.pull(client, "sub")
            else:
                number = client.begin(SUBSCRIBER + "Pull", GRPC)
                client.raw(number, b"\0\0\0\0\x50half")
            begun.append((client, number))
    chance.shuffle(begun)
    there.check_neighbour()
    for client, number in begun:
        if not client.answers[number].is_ended:
            client.cancel(number)
        client.answers.pop(number)
    there.calm()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_four_thousand_calls_that_are_cancelled_leave_nothing_and_stall_nobody() -> None:
    assert STREAMS >= 4_000
    there = Neighbourhood()
    clients = [Client(there.world) for _ in range(CONNECTIONS)]
    chance = random.Random(8085)
    memory: Memory | None = None
    for at in range(ROUNDS):
        given_up(there, clients, chance)
        if at == 2:  # what is made once is there
            memory = Memory()
    assert memory is not None
    assert memory.check() < GROWTH_BYTES_MAX
    there.check_nothing_is_left(*clients)
    assert not any(client.is_told_to_go for client in clients)


def test_connections_that_are_lost_amid_their_calls_leave_nothing() -> None:
    there = Neighbourhood()
    for _ in range(20):
        client = Client(there.world)
        for at in range(10):
            there.pull(client, "sub") if at % 2 else there.wait(client, b"59S")
        client.close()
    there.check_nothing_is_left()
    there.check_neighbour()


def test_deadlines_of_all_kinds_end_calls_and_nothing_else() -> None:
    there = Neighbourhood()
    client = Client(there.world)
    for timeout in DEADLINES * 20:
        number = there.wait(client, timeout)
        there.world.advance(110)
        client.exchange()
        answer = client.answers[number]
        if timeout in {b"99999999H", b"1S"}:
            assert answer.status is None
            client.cancel(number)
        else:
            assert answer.status in {OK, DEADLINE_EXCEEDED, CANCELLED}
    for timeout in ODD_DEADLINES:
        number = there.wait(client, timeout)
        answer = client.answers[number]
        assert answer.status not in {None, OK}, timeout
    there.check_neighbour()
    there.check_nothing_is_left(client)


@pytest.mark.slow
def test_who_gives_up_more_than_anybody_honest_does_is_told_to_go_alone() -> None:
    there = Neighbourhood()
    client = Client(there.world)
    for _ in range(2_000):
        if client.is_told_to_go:
            break
        client.cancel(there.pull(client, "sub"))
    assert client.is_told_to_go
    there.check_neighbour()
    there.check_nothing_is_left(client)
    assert client.is_closed
