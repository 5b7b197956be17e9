"""One connection over a transport that only remembers; the receiver's tests use real ones."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from dragoman.push.connection import Connection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class FakeTransport:
    def __init__(self) -> None:
        self.written = b""
        self.is_aborted = False

    def write(self, data: bytes) -> None:
        self.written += data

    def writelines(self, pieces: tuple[bytes, ...]) -> None:
        self.written += b"".join(pieces)

    def abort(self) -> None:
        self.is_aborted = True


class Wired:
    def __init__(self) -> None:
        self.ended: list[Connection] = []
        self.transport = FakeTransport()
        self.connection = Connection(self.ended.append)
        self.connection.connection_made(cast(asyncio.Transport, self.transport))

    def ask(self, body: bytes = b"") -> "asyncio.Task[None]":
        return asyncio.create_task(self.connection.ask("POST", b"head", body))


def run(step: Callable[[Wired], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        await step(Wired())

    asyncio.run(whole())


def test_a_request_is_written_and_its_answer_waited_for() -> None:
    async def step(wired: Wired) -> None:
        for body in (b"", b"body"):
            asked = wired.ask(body)
            await asyncio.sleep(0)
            assert wired.transport.written.endswith(b"head" + body)
            for byte in ANSWER:
                assert not asked.done()
                wired.connection.data_received(bytes([byte]))
            await asked
            answer = wired.connection.answer
            assert (answer.status, answer.body, answer.keeps) == (200, b"hi", True)

    run(step)


def test_a_connection_that_ends_leaves_nobody_waiting() -> None:
    async def step(wired: Wired) -> None:
        asked = wired.ask()
        await asyncio.sleep(0)
        wired.connection.connection_lost(None)
        await asked
        assert not (wired.connection.answer.is_whole or wired.connection.answer.received)
        assert wired.ended == [wired.connection]
        wired.connection.end()
        assert len(wired.ended) == 1

    run(step)


def test_whatever_an_idle_one_says_ends_it() -> None:
    async def step(wired: Wired) -> None:
        wired.connection.data_received(ANSWER)
        assert wired.transport.is_aborted
        assert wired.ended == [wired.connection]

    run(step)


def test_an_answer_that_comes_too_late_ends_it() -> None:
    async def step(wired: Wired) -> None:
        asked = wired.ask()
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        wired.connection.data_received(ANSWER)
        assert wired.transport.is_aborted

    run(step)
