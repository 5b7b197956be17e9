"""Lanes and client together, in a loop of the test's own, against sockets that refuse, hang and answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.push.receiving import answer_to, post, sending

from dragoman.ports.outbound import Answered
from dragoman.push import lanes
from dragoman.push.outbound import HttpOutbound, event_of
from dragoman.push.standing import LATE_MS, LIVE_MAX, Event

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
REFUSED = "http://127.0.0.1:1/"
HANG_MS = 100


class Answering(asyncio.Protocol):
    """Answers whatever comes, once for each piece of it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER)


@asynccontextmanager
async def served(protocol: type[asyncio.Protocol]) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(protocol, "0.0.0.0", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def urls_of(port: int) -> list[str]:
    """The same port at many addresses: as many targets."""
    return [f"http://127.0.{number // 250}.{1 + number % 250}:{port}/" for number in range(100)]


async def until(made: HttpOutbound, under_way: int) -> None:
    async with asyncio.timeout(5):
        while made.pushes.under_way != under_way or made.pushes.waiting:  # noqa: ASYNC110 - turns of the loop
            await asyncio.sleep(0)


def test_room_opens_as_a_target_answers_and_closes_as_it_fails() -> None:
    async def run() -> None:
        async with served(Answering) as port, sending() as made:
            url = f"http://127.0.0.1:{port}/hook"
            assert made.room(url) == 1
            rooms = []
            for _ in range(7):
                await answer_to(made, post(url))
                rooms.append(made.room(f"http://127.0.0.1:{port}/other?path"))
            assert rooms == [2, 4, 8, 16, 32, LIVE_MAX, LIVE_MAX]
            assert (made.pushes.sent, made.pushes.answered) == (7, {"2xx": 7})
            assert made.pushes.latency.count == 7
        async with sending() as made:
            await answer_to(made, post(REFUSED))
            assert made.room(REFUSED) == 1

    asyncio.run(run())


def test_a_url_that_is_none_is_answered_later_with_the_reason() -> None:
    async def run() -> None:
        async with sending() as made:
            answers: list[Answered] = []
            made.send(post("ftp://x/"), answers.append)
            assert answers == []
            await asyncio.sleep(0)
            assert (answers[0].failure, made.pushes.failed) == ("blocked", {"blocked": 1})
            assert made.room("ftp://x/") == 1  # so that somebody asks, and is told

    asyncio.run(run())


def test_more_than_may_wait_is_busy_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WAITING_PER_TARGET_MAX", 2)

    async def run() -> None:
        async with served(asyncio.Protocol) as port, sending() as made:
            answers: list[Answered] = []
            for _ in range(5):
                made.send(post(f"http://127.0.0.1:{port}/", timeout_ms=HANG_MS), answers.append)
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert [answered.failure for answered in answers] == ["busy", "busy"]

    asyncio.run(run())


def test_a_target_that_hangs_is_sent_one_request_at_a_time() -> None:
    async def run() -> None:
        async with served(asyncio.Protocol) as port, sending() as made:
            url = f"http://127.0.0.1:{port}/"
            both = [answer_to(made, post(url, timeout_ms=HANG_MS)) for _ in range(2)]
            first, second = await asyncio.gather(*both)
            assert first.failure == second.failure == "timeout"
            assert (made.pushes.latency.count, made.pushes.failed) == (0, {"timeout": 2})

    asyncio.run(run())


def test_targets_that_hang_or_refuse_leave_the_lively_alone() -> None:
    async def run() -> None:
        async with (
            served(asyncio.Protocol) as hanging,
            served(Answering) as live,
            sending() as made,
        ):
            url = f"http://127.0.0.1:{live}/"
            for _ in range(7):
                await answer_to(made, post(url))
            ended: list[Answered] = []
            for bad in (*urls_of(hanging), *urls_of(1)):
                made.send(post(bad), ended.append)
            answers = await asyncio.gather(*(answer_to(made, post(url)) for _ in range(200)))
            assert all(answered.status == 200 for answered in answers)
            assert len(ended) < 150  # most of the bad ones are still under way, or wait
            await until(made, under_way=100)
            assert {answered.failure for answered in ended} == {"refused"}

    asyncio.run(run())


def test_what_an_answer_says_of_its_target() -> None:
    def event(status: int, failure: str, elapsed_ms: int) -> Event:
        return event_of(Answered(status, failure=failure, elapsed_ms=elapsed_ms))  # type: ignore[arg-type]

    assert event(200, "", 5) is Event.ANSWERED
    assert event(503, "", LATE_MS) is Event.ANSWERED
    assert event(200, "", LATE_MS + 1) is Event.LATE
    assert event(0, "timeout", 5) is Event.SILENT
    for failure in ("blocked", "refused", "unresolved", "tls", "broken"):
        assert event(0, failure, 5) is Event.FAILED
