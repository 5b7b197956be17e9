"""Webhooks on raw sockets: every address of 127.0.0.0/8 on three ports, all of which shake hands and answer.

    live       goes on answering
    silent     answers until it is told `silence`, then takes everything and answers nothing
    refusing   answers until it is told `refuse`, then is no more

Events hold `"due":"N"`, the nanosecond (CLOCK_MONOTONIC) at which they were due to be published. As a process of its
own it prints its ports, reads a word a line, and answers each with JSON: `take` with the microseconds that each event
of `live` took since the last `take`.
"""

import asyncio
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n"
BACKLOG = 4_096
DUE = re.compile(rb'"due":\s*"(\d+)"')
LENGTH = b"content-length:"
OPTIONS = b"OPTIONS "


class Webhook(asyncio.Protocol):
    """One connection; `seen` is told the due times of each request, and when it came. A handshake is none."""

    def __init__(self, seen: Callable[[list[bytes], int], None], is_silent: list[bool]) -> None:
        self._seen = seen
        self._is_silent = is_silent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self.data = b""

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.data += data
        while (head := self.data.find(b"\r\n\r\n")) >= 0:
            end = head + 4 + _length(self.data[: head + 2].lower())
            if len(self.data) < end:
                return
            if not self.data.startswith(OPTIONS):
                self._seen(DUE.findall(self.data, head, end), now_ns)
            self.data = self.data[end:]
            if not self._is_silent:
                self.transport.write(ANSWER)


def _length(head: bytes) -> int:
    at = head.find(LENGTH)
    return 0 if at < 0 else int(head[at + len(LENGTH) : head.index(b"\r\n", at)])


def listening() -> socket.socket:
    """A socket on all addresses."""
    found = socket.create_server(("0.0.0.0", 0), backlog=BACKLOG)
    found.setblocking(False)
    return found


async def serve(
    seen: Callable[[list[bytes], int], None], is_silent: list[bool]
) -> tuple[asyncio.Server, int, list[asyncio.BaseTransport]]:
    """A listener, its port, and the connections it has taken."""
    sock = listening()
    connections: list[asyncio.BaseTransport] = []

    class Noted(Webhook):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            connections.append(transport)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Noted(seen, is_silent), sock=sock)
    return server, sock.getsockname()[1], connections


async def main() -> None:
    latencies_us: list[int] = []
    silence: list[bool] = []

    def seen(due: list[bytes], now_ns: int) -> None:
        latencies_us.extend((now_ns - int(one)) // 1_000 for one in due)

    def unseen(due: list[bytes], now_ns: int) -> None:
        """Of endpoints that are to fail nothing is kept."""

    _, live, _ = await serve(seen, [])
    _, silent, _ = await serve(unseen, silence)
    refusing, port, connections = await serve(unseen, [])
    print(json.dumps({"live": live, "silent": silent, "refusing": port}), flush=True)
    loop = asyncio.get_running_loop()
    while word := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        told: list[int] = []
        if word == "take":
            told = latencies_us.copy()
            latencies_us.clear()
        elif word == "silence":
            silence.append(True)
        elif word == "refuse":
            refusing.close()
            for connection in connections:
                cast(asyncio.Transport, connection).abort()
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
