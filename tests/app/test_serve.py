import asyncio
import json
import os
import socket
import stat
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import dragoman
from dragoman.app import config, serve
from dragoman.app.build import build
from dragoman.app.certs import write_certificates
from dragoman.app.config import ServeOptions
from dragoman.app.errors import StartError
from dragoman.app.faces import missing
from dragoman.app.loop import SystemClock
from dragoman.app.serve import Running, announce, bind_alias, hand_over_soon, run, start
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


def bound() -> socket.socket:
    """A socket that has a port of its own."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    return sock


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


def test_a_port_that_is_named_beside_a_port_for_all_is_a_listener_of_its_own() -> None:
    async def look(running: Running) -> None:
        ports = {name: listener.port for name, listener in running.listeners.items()}
        assert ports["kafka"] != ports["amqp"]

    while_serving(options_of(one_port=True, ports={"kafka": free_port(), "amqp": 0}), look)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    async def again(running: Running) -> None:
        taken = running.listeners["kafka"].port
        with pytest.raises(StartError, match=f"port {taken} .*--port kafka=0"):
            await start(options_of(ports={"kafka": taken}))
        with pytest.raises(StartError, match=f"port {taken} .*--port all=0"):
            await start(options_of(ports={"kafka": taken}, one_port=True))

    while_serving(options_of(), again)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_an_address_that_is_not_ours_is_not_called_a_taken_port(host: str) -> None:
    async def never() -> None:
        with pytest.raises(StartError, match=f"host {host}: cannot listen there: "):
            await start(options_of(host=host))

    asyncio.run(never())


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tls_cert": "gone.pem"}, r"gone\.pem: No such file"),
        ({"tls_cert": "server.pem", "tls_key": "gone-key.pem"}, r"gone-key\.pem: No such file"),
        ({"tls_cert": "server.pem", "tls_key": "ca-key.pem"}, r"server\.pem with key .*ca-key"),
        ({"tls_cert": "server.pem", "tls_key": "locked.pem"}, "encrypted"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_named(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    write_certificates(tmp_path, ["localhost"], SystemClock().wall_ms())
    key = load_pem_private_key((tmp_path / "server-key.pem").read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush"))
    (tmp_path / "locked.pem").write_bytes(locked)

    async def never() -> None:
        paths = {name: str(tmp_path / value) for name, value in given.items()}
        with pytest.raises(StartError, match=told):
            await start(options_of(**paths))

    asyncio.run(never())


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
        assert (document["pid"], document["version"]) == (os.getpid(), dragoman.__version__)
        assert (document["build"], document["data"], document["ca"]) == (build(), None, None)

    while_serving(options_of(log="json", ready_file=str(ready)), tell)


def test_a_second_port_by_habit_is_bound_unless_somebody_has_it() -> None:
    async def look(running: Running) -> None:
        usual, second = running.listeners["kafka"].port, running.listeners["amqp"].port
        bind_alias(running, second)
        assert running.aliases == []
        bind_alias(running, 0)
        assert running.aliases[0].port not in {usual, second}

    while_serving(options_of(), look)


def test_habits_of_clients_are_bound_beside_the_usual_port_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {5671, 5300} <= set(config.ALIASES["amqp"])  # AMQP in TLS, Service Bus's administration
    with closing(bound()) as usual, closing(bound()) as tls, closing(bound()) as taken:
        ports = [sock.getsockname()[1] for sock in (usual, tls, taken)]
        usual.close()
        tls.close()
        monkeypatch.setattr(serve, "PROTOCOLS", {**config.PROTOCOLS, "amqp": ports[0]})
        monkeypatch.setattr(serve, "ALIASES", {"amqp": ports[1:]})

        async def look(running: Running) -> None:
            assert running.listeners["amqp"].port == ports[0]
            assert [alias.port for alias in running.aliases] == ports[1:2]
            _, writer = await asyncio.open_connection("127.0.0.1", ports[1])
            writer.close()

        while_serving(options_of(ports={"amqp": ports[0]}), look)

    async def none(running: Running) -> None:
        assert running.aliases == []

    while_serving(options_of(), none)


def test_a_broker_that_serves_is_ready_and_says_what_is_missing_when_it_is_not() -> None:
    async def look(running: Running) -> None:
        assert missing(running.parts) == []
        running.parts.is_bound = False
        running.parts.broker.kernel.state.is_full = True
        assert missing(running.parts) == ["ports", "room on the disk"]

    while_serving(options_of(), look)


def test_a_ready_file_with_a_password_is_its_owners_and_the_log_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text("of an earlier start")
    write_certificates(tmp_path, ["localhost"], SystemClock().wall_ms())

    async def tell(running: Running) -> None:
        announce(running)
        document = json.loads(ready.read_text())
        assert document["endpoints"]["kafka"]["password"] == "hush"
        assert document["ca"] == str(tmp_path / "ca.pem")
        assert stat.S_IMODE(ready.stat().st_mode) == 0o600
        assert "hush" not in capsys.readouterr().out

    files = {"tls_cert": "server.pem", "tls_key": "server-key.pem", "tls_ca": "ca.pem"}
    paths = {name: str(tmp_path / file) for name, file in files.items()}
    while_serving(options_of(users={"alice": "hush"}, ready_file=str(ready), **paths), tell)


def test_a_ready_file_that_cannot_be_written_ends_the_start_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone" / "ready.json"
    with pytest.raises(StartError, match=f"ready file {gone}: No such file"):
        asyncio.run(run(options_of(ready_file=str(gone))))
    assert capsys.readouterr().out == "", "nobody is told that it serves"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "http://127.0.0.1:{}"),
        ({"advertise": {"pubsub": ("broker.example", 80)}}, "http://broker.example:80"),
        ({"push_issuer": "https://issuer.example"}, "https://issuer.example"),
    ],
)
def test_tokens_say_where_their_key_is_found(more: dict[str, object], expected: str) -> None:
    async def step(running: Running) -> None:
        port = running.listeners["pubsub"].port
        assert running.parts.broker.node.issuer == expected.format(port)

    while_serving(options_of(ports={"kafka": 0, "pubsub": 0}, **more), step)


def test_a_thread_beside_the_turn_gives_the_interpreter_back_soon() -> None:
    before = sys.getswitchinterval()
    try:
        hand_over_soon()
        assert sys.getswitchinterval() < before
    finally:
        sys.setswitchinterval(before)
