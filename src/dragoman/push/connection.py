"""One connection to a target: a request at a time, its answer, and idle in between. Knows no pool and no time.

ask ──> written ──> bytes come: AnswerParser ──> whole, failed or lost: whoever waits goes on
idle: anything that happens ends it
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from dragoman.wire.http.answer import AnswerParser

ANSWER_BYTES_MAX: Final = (
    64 << 10
)  # what is kept of an answer's body; the connection is closed at more


class Connection(asyncio.Protocol):
    """`answer` is what came of the last `ask`. `on_end` is called once, when it is of no more use."""

    def __init__(self, on_end: Callable[["Connection"], None]) -> None:
        self.answer = AnswerParser(ANSWER_BYTES_MAX)
        self.is_open = False
        self.key = ""  # of its target
        self.made_s = 0.0  # when, the loop's time
        self.idle_s = 0.0  # since when, the loop's time
        self._on_end = on_end
        self._waiter: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    async def ask(self, method: str, head: bytes, body: bytes) -> None:
        """Return when the answer is whole, or there will be none. Cancelled, the connection is of no more use."""
        self._waiter = asyncio.get_running_loop().create_future()
        self.answer.begin(method)
        if body:
            self._transport.writelines((head, body))
        else:
            self._transport.write(head)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            self.end()  # it says something unasked
            return
        self.answer.receive(data)
        if self.answer.is_whole or self.answer.failure:
            self._waiter.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self.answer.lost()
            self._waiter.set_result(None)
        if self.is_open:
            self.is_open = False
            self._on_end(self)

    def end(self) -> None:
        """Close at once."""
        self._transport.abort()
        if self.is_open:
            self.is_open = False
            self._on_end(self)
