"""Ports, protocols, TLS, deadlines: one broker in this loop and sockets to it."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from tests.listeners.serving import (
    AMQP_HEADER,
    KAFKA_HELLO,
    WAIT_S,
    port_of,
    says,
    serving,
    shells,
)

from dragoman.app.config import ServeOptions
from dragoman.app.errors import StartError
from dragoman.app.serve import start
from dragoman.listeners import listen, tcp

CONNECTION_START = b"\x01\x00\x00"  # a method on channel 0
HELLO_ANSWER = 7


def is_amqp(answer: bytes) -> bool:
    return answer[:3] == CONNECTION_START


HTTP_HELLO = b"GET /health/ready HTTP/1.1\r\nHost: here\r\n\r\n"
HTTP_ANSWER = b"HTTP/1.1 200 OK\r\n"


def is_http(answer: bytes) -> bool:
    return answer == HTTP_ANSWER


def is_kafka(answer: bytes) -> bool:
    return len(answer) == 8 and answer[4:] == HELLO_ANSWER.to_bytes(4, "big")


def test_any_port_answers_any_protocol() -> None:
    async def run() -> None:
        async with serving() as running:
            for name in ("kafka", "amqp", "sqs", "eventgrid"):
                port = port_of(running, name)
                assert is_amqp(await says(port, AMQP_HEADER, 8))
                assert is_kafka(await says(port, KAFKA_HELLO, 8))
                assert is_http(await says(port, HTTP_HELLO, len(HTTP_ANSWER)))

    asyncio.run(run())


def test_one_port_serves_everything() -> None:
    async def run() -> None:
        async with serving(ServeOptions(memory=True, one_port=True)) as running:
            ports = {listener.port for listener in running.listeners.values()}
            assert len(ports) == 1
            port = ports.pop()
            assert is_amqp(await says(port, AMQP_HEADER, 8))
            assert is_kafka(await says(port, KAFKA_HELLO, 8))

    asyncio.run(run())


@pytest.mark.parametrize("pieces", [1, 3, 7])
def test_a_greeting_may_come_in_pieces(pieces: int) -> None:
    async def run() -> None:
        async with serving() as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(running, "kafka"))
            for start_at in range(0, len(AMQP_HEADER), pieces):
                writer.write(AMQP_HEADER[start_at : start_at + pieces])
                await writer.drain()
                await asyncio.sleep(0)
            async with asyncio.timeout(WAIT_S):
                assert is_amqp(await reader.readexactly(8))
            writer.close()

    asyncio.run(run())


def test_http_2_is_answered_on_any_port() -> None:
    async def run() -> None:
        async with serving() as running:
            hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
            assert (await says(port_of(running, "kafka"), hello, 9))[3] == 4  # SETTINGS

    asyncio.run(run())


def test_a_protocol_that_is_not_served_is_closed() -> None:
    async def run() -> None:
        async with serving() as running:
            assert await says(port_of(running, "kafka"), b"\xff" * 16, 1) == b""
            assert not running.doors.open

    asyncio.run(run())


def certificate(folder: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    file = folder / "server.pem"
    ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(file))
    return ca, file


def test_plain_and_tls_share_a_port(tmp_path: Path) -> None:
    ca, file = certificate(tmp_path)
    trusting = ssl.create_default_context()
    ca.configure_trust(trusting)

    async def run() -> None:
        options = ServeOptions(memory=True, tls_cert=str(file))
        async with serving(options) as running:
            port = port_of(running, "amqp")
            tls = {"ssl": trusting, "server_hostname": "localhost"}
            assert is_amqp(await says(port, AMQP_HEADER, 8, **tls))
            assert is_kafka(await says(port, KAFKA_HELLO, 8, **tls))
            assert is_http(await says(port, HTTP_HELLO, len(HTTP_ANSWER), **tls))
            assert is_amqp(await says(port, AMQP_HEADER, 8))
            assert is_kafka(await says(port, KAFKA_HELLO, 8))

    asyncio.run(run())


def test_a_client_that_does_not_trust_the_certificate_harms_nobody(tmp_path: Path) -> None:
    _, file = certificate(tmp_path)

    async def run() -> None:
        options = ServeOptions(memory=True, tls_cert=str(file))
        async with serving(options) as running:
            port = port_of(running, "amqp")
            with pytest.raises(ssl.SSLError):
                await says(port, b"", 1, ssl=ssl.create_default_context(), server_hostname="x")
            assert is_amqp(await says(port, AMQP_HEADER, 8))

    asyncio.run(run())


def test_tls_handshake_bytes_that_are_none_are_closed(tmp_path: Path) -> None:
    _, file = certificate(tmp_path)

    async def run() -> None:
        options = ServeOptions(memory=True, tls_cert=str(file))
        async with serving(options) as running:
            port = port_of(running, "amqp")
            assert not is_amqp(await says(port, b"\x16\x03\x01\x02\x00" + b"\xff" * 600, 8))
            assert is_amqp(await says(port, AMQP_HEADER, 8))

    asyncio.run(run())


def test_a_taken_port_is_told_with_its_protocol_and_a_way_out() -> None:
    async def run() -> None:
        async with serving() as running:
            options = ServeOptions(memory=True)
            options.ports = {"kafka": port_of(running, "kafka"), "amqp": 0}
            with pytest.raises(StartError, match=r"port \d+ \(kafka\) is taken.*--port kafka=0"):
                await start(options)

    asyncio.run(run())


@pytest.mark.parametrize("said", [b"", b"AM", b"\x00\x00\x00"])
@pytest.mark.parametrize("with_tls", [False, True])
def test_whoever_says_too_little_for_too_long_is_cut_off(
    said: bytes, with_tls: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "SNIFF_DEADLINE_S", 0.05)
    monkeypatch.setattr(listen, "SNIFF_DEADLINE_S", 0.05)
    options = ServeOptions(memory=True)
    if with_tls:
        options.tls_cert = str(certificate(tmp_path)[1])

    async def run() -> None:
        async with serving(options) as running:
            assert await says(port_of(running, "amqp"), said, 1) == b""
            assert not running.doors.open

    asyncio.run(run())


def test_a_tls_handshake_that_never_ends_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "TLS_DEADLINE_S", 0.05)
    options = ServeOptions(memory=True, tls_cert=str(certificate(tmp_path)[1]))

    async def run() -> None:
        async with serving(options) as running:
            assert await says(port_of(running, "amqp"), b"\x16\x03", 1) == b""

    asyncio.run(run())


def test_connections_past_the_limit_are_closed_and_the_others_served() -> None:
    async def run() -> None:
        async with serving(ServeOptions(memory=True, connections_max=3)) as running:
            port = port_of(running, "kafka")
            held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
            for _, writer in held:
                writer.write(AMQP_HEADER)
            for reader, _ in held:
                assert is_amqp(await reader.readexactly(8))
            assert await says(port, AMQP_HEADER, 8) == b""
            held[0][1].close()
            await held[0][1].wait_closed()
            while len(shells(running)) == 3:  # noqa: ASYNC110 - a turn or two
                await asyncio.sleep(0)
            assert is_amqp(await says(port, AMQP_HEADER, 8))
            for _, writer in held:
                writer.close()

    asyncio.run(run())


class Fillable:
    """A door that is full until it is told otherwise."""

    def __init__(self, door: Any) -> None:
        self._door = door
        self.has_enough = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._door, name)

    def is_full(self) -> bool:
        return self.has_enough


def test_reading_stops_while_a_door_is_full_and_goes_on_when_it_is_not() -> None:
    async def run() -> None:
        async with serving() as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", port_of(running, "sqs"))
            writer.write(HTTP_HELLO)
            await reader.readexactly(len(HTTP_ANSWER))
            (shell,) = shells(running)
            door = Fillable(shell.session.door)
            shell.session.door = door
            shell.flush()
            assert not shell._transport.is_reading()
            door.has_enough = False
            shell.flush()
            assert shell._transport.is_reading()
            writer.close()

    asyncio.run(run())
