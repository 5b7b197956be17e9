"""Pushing from end to end in one process: a broker, a face, and a receiver in a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from tests.doors.shared.push.pushing import FakeFace
from tests.listeners.serving import serving
from tests.push.receiving import receiver

from dragoman.app import push
from dragoman.app.config import ServeOptions
from dragoman.app.renderers import RENDERERS
from dragoman.app.serve import Running
from dragoman.doors.shared.push.door import pushed_by
from dragoman.doors.shared.push.renderer import Plan, PushedSubscription, PushMessage, Verdict
from dragoman.kernel.commands import CreateStream, Publish
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.levels import CANONICAL
from dragoman.ports.outbound import Answered, Outgoing

WAIT_S = 10.0


class UrlFace(FakeFace):
    """Sends everything to one URL."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.answers: list[Answered] = []

    def plan(self, subscription: PushedSubscription) -> Plan | None:
        return Plan(self.url)

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing | Verdict:
        return Outgoing("POST", self.url, (), messages[0].body, 5_000)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        self.answers.append(answered)
        return super().judge(answered, attempt, subscription)


class Pushes:
    """A stream with one subscription that `face` pushes, in a running broker."""

    def __init__(self, running: Running, face: FakeFace) -> None:
        self.running = running
        self.broker = running.parts.broker
        kernel = self.broker.kernel
        kernel.submit(CreateStream(name="events"), 0)
        RENDERERS[face.name] = lambda *_: (face, pushed_by(face.name))
        settings = SubscriptionSettings(push=face.name)
        kernel.submit(CreateSubscription(name="events", subscription="all", settings=settings), 0)
        self.broker.begin_turn()

    def publish(self, *bodies: bytes) -> None:
        self.broker.begin_turn()
        self.broker.kernel.publish(Publish("default", Address("events"), CANONICAL, list(bodies)))

    def left(self) -> int:
        """Messages that are not settled."""
        (subscription,) = self.broker.kernel.state.subscriptions.values()
        return subscription.ready() + subscription.leased()


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not done():  # noqa: ASYNC110 - a real server answers
            await asyncio.sleep(0.005)


def run(step: Callable[[Running], Awaitable[None]], options: ServeOptions | None = None) -> None:
    async def whole() -> None:
        async with serving(options) as running:
            await step(running)

    asyncio.run(whole())


def test_what_is_published_arrives_and_is_settled() -> None:
    with receiver() as ports:
        face = UrlFace(f"http://127.0.0.1:{ports['']}/echo")

        async def step(running: Running) -> None:
            pushes = Pushes(running, face)
            pushes.publish(b"one", b"two")
            await until(lambda: len(face.answers) == 2 and pushes.left() == 0)

        run(step)
    assert {b'"body": "one"' in answer.body for answer in face.answers} == {True, False}


@pytest.mark.parametrize(
    ("more", "failure"),
    [
        ({}, ""),
        ({"host": "0.0.0.0", "insecure": True}, "blocked"),
        ({"users": {"alice": "x"}}, "blocked"),
        ({"users": {"alice": "x"}, "push_allow": ("127.0.0.0/8",)}, ""),
    ],
    ids=["own machine", "reached by others", "with users", "allowed"],
)
def test_this_machine_is_called_on_ones_own_machine_or_when_allowed(
    more: dict[str, Any], failure: str
) -> None:
    options = ServeOptions(memory=True, **more)
    with receiver() as ports:
        face = UrlFace(f"http://127.0.0.1:{ports['']}/ok")

        async def step(running: Running) -> None:
            Pushes(running, face).publish(b"one")
            await until(lambda: bool(face.answers))

        run(step, options)
    assert face.answers[0].failure == failure


def test_leaving_settles_what_comes_back_in_time_and_gives_the_rest_back() -> None:
    with receiver() as ports:
        url = f"http://127.0.0.1:{ports['']}/"

        async def step(running: Running) -> None:
            face = UrlFace(url + "ok")
            pushes = Pushes(running, face)
            pushes.publish(b"one")
            await until(lambda: running.parts.pusher.outbound.made is not None)
            await running.parts.pusher.close(WAIT_S)
            assert pushes.left() == 0

        async def stuck(running: Running) -> None:
            pushes = Pushes(running, UrlFace(url + "hang"))
            pushes.publish(b"one")
            await until(lambda: running.parts.broker.meters.pushes.under_way == 1)
            await running.parts.pusher.close(0.05)
            (subscription,) = running.parts.broker.kernel.state.subscriptions.values()
            assert (subscription.ready(), subscription.leased()) == (1, 0)

        run(step)
        run(stuck)


def test_a_door_that_fails_is_replaced_and_what_it_had_is_sent_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "REOPEN_S", 0.0)
    faults: list[Exception] = []
    with receiver() as ports:
        face = UrlFace(f"http://127.0.0.1:{ports['']}/ok")

        async def step(running: Running) -> None:
            pushes = Pushes(running, face)
            running.parts.broker.on_door_fault = faults.append
            await until(lambda: running.parts._pusher is not None)
            session = running.parts.pusher._faces[0].session
            assert session is not None
            session.door.deliver = None  # type: ignore[method-assign, assignment]
            pushes.publish(b"one")
            await until(lambda: pushes.left() == 0)

        run(step)
    assert len(faults) == 1


def test_authorities_that_are_gone_by_then_are_told_to_whoever_sends() -> None:
    async def step(running: Running) -> None:
        answers: list[Answered] = []
        outbound = running.parts.pusher.outbound
        outbound._ca = "/nowhere/at/all"
        for count in (1, 2):
            outbound.send(Outgoing("GET", "http://a.test/", (), b"", 1_000), answers.append)
            await until(lambda expected=count: len(answers) == expected)  # type: ignore[misc]
        assert [answered.failure for answered in answers] == ["tls", "tls"]

    run(step)


def test_a_broker_that_pushes_nothing_loads_nothing_for_it() -> None:
    code = (
        "import asyncio, sys\n"
        "from dragoman.app.config import ServeOptions\n"
        "from dragoman.app.serve import start\n"
        "async def run():\n"
        "    running = await start(ServeOptions(memory=True, ports={'kafka': 0, 'amqp': 0}))\n"
        "    await running.stop()\n"
        "asyncio.run(run())\n"
        "names = [name for name in sys.modules if 'push' in name.split('.')]\n"
        "assert names == [], names\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
