import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from dragoman.app import serve
from dragoman.app.config import ServeOptions
from dragoman.app.errors import StartError
from dragoman.app.faces import missing
from dragoman.app.serve import Running, announce, start
from dragoman.app.topology import NO_SESSION
from dragoman.kernel.commands import Bind, DeclareQueue, DescribeQueue
from dragoman.kernel.settings import SubscriptionSettings

DEADLINE_S = 10


def options_of(**more: object) -> ServeOptions:
    options = ServeOptions(memory=True, ports={"kafka": 0, "amqp": 0})
    for name, value in more.items():
        setattr(options, name, value)
    return options


def while_serving(options: ServeOptions, step: Callable[[Running], Awaitable[None]]) -> None:
    async def run() -> None:
        running = await start(options)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await step(running)
        finally:
            await running.stop()

    asyncio.run(run())


async def until(done: Callable[[], bool]) -> None:
    while not done():  # noqa: ASYNC110 - what it waits for tells nobody
        await asyncio.sleep(0)


def test_a_broker_that_nobody_used_leaves_at_once() -> None:
    async def nothing(running: Running) -> None:
        pass

    began = time.monotonic()
    while_serving(options_of(), nothing)
    assert time.monotonic() - began < DEADLINE_S / 2


def test_what_the_file_says_exists_from_the_start() -> None:
    declared = DeclareQueue(name="orders", settings=SubscriptionSettings(length_max=7))

    async def look(running: Running) -> None:
        found = running.parts.broker.kernel.submit(DescribeQueue(name="orders"), NO_SESSION)
        assert found.settings.length_max == 7

    while_serving(options_of(topology=(declared,)), look)


def test_what_is_declared_is_there_after_a_restart_and_is_left_as_it_is(tmp_path: Path) -> None:
    first = DeclareQueue(name="orders", settings=SubscriptionSettings(length_max=7))
    second = DeclareQueue(name="orders", settings=SubscriptionSettings(length_max=8))

    async def look(running: Running) -> None:
        found = running.parts.broker.kernel.submit(DescribeQueue(name="orders"), NO_SESSION)
        assert found.settings.length_max == 7

    data = str(tmp_path / "data")
    for declared in ((first,), (second,), ()):
        while_serving(options_of(memory=False, data=data, topology=declared), look)


def test_what_cannot_be_declared_keeps_the_broker_from_starting() -> None:
    bind = Bind(route="gone", target="nowhere")

    async def never(running: Running) -> None:
        raise AssertionError

    with pytest.raises(StartError, match="binding of gone to nowhere"):
        while_serving(options_of(topology=(bind,)), never)


def test_connections_beyond_the_limit_are_closed_and_a_place_that_is_free_is_given_again() -> None:
    async def connect(running: Running) -> None:
        port = running.listeners["kafka"].port
        _, first = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: bool(running.doors.open))
        reader, second = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        second.close()
        first.close()
        await until(lambda: not running.doors.open)
        _, third = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: bool(running.doors.open))
        third.close()

    while_serving(options_of(connections_max=1), connect)


def test_all_protocols_share_one_port_when_asked() -> None:
    async def look(running: Running) -> None:
        assert len({listener.port for listener in running.listeners.values()}) == 1

    while_serving(options_of(one_port=True), look)


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    async def again(running: Running) -> None:
        taken = running.listeners["kafka"].port
        with pytest.raises(StartError, match=f"port {taken} .*--port kafka=0"):
            await start(options_of(ports={"kafka": taken}))

    while_serving(options_of(), again)


def test_programs_are_told_where_everything_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"

    async def tell(running: Running) -> None:
        announce(running)
        document = json.loads(ready.read_text())
        line = json.loads(capsys.readouterr().out)
        assert line == {"event": "ready", **document}
        assert document["endpoints"]["kafka"]["port"] == running.listeners["kafka"].port

    while_serving(options_of(log="json", ready_file=str(ready)), tell)


def test_a_second_port_by_habit_is_bound_unless_somebody_has_it() -> None:
    async def look(running: Running) -> None:
        usual, second = running.listeners["kafka"].port, running.listeners["amqp"].port
        serve.bind_alias(running, second)
        assert running.aliases == []
        serve.bind_alias(running, 0)
        assert running.aliases[0].port not in {usual, second}

    while_serving(options_of(), look)


def test_a_broker_that_serves_is_ready_and_says_what_is_missing_when_it_is_not() -> None:
    async def look(running: Running) -> None:
        assert missing(running.parts) == []
        running.parts.is_bound = False
        running.parts.broker.kernel.state.is_full = True
        assert missing(running.parts) == ["ports", "room on the disk"]

    while_serving(options_of(), look)
