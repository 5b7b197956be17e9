"""Webhooks on raw sockets: every address of 127.0.0.0/8 answers on one port and never answers on another.

Bodies begin with the nanosecond (CLOCK_MONOTONIC, in decimal) at which the message was due to be published. Reads words
from its standard input, one a line: `take` answers with what came since the last one, as JSON.
"""

import asyncio
import json
import socket
import sys
import time
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NS_DIGITS = 20
BACKLOG = 4_096
latencies_us: list[int] = []


class Webhook(asyncio.Protocol):
    """One connection; requests have a Content-Length."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self.data = b""

    def data_received(self, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.data += data
        while (head := self.data.find(b"\r\n\r\n")) >= 0:
            at = self.data.index(b"Content-Length: ", 0, head) + 16
            end = head + 4 + int(self.data[at : self.data.index(b"\r\n", at)])
            if len(self.data) < end:
                return
            due_ns = int(self.data[head + 4 : head + 4 + NS_DIGITS])
            latencies_us.append((now_ns - due_ns) // 1_000)
            self.data = self.data[end:]
            self.transport.write(ANSWER)


class Silent(asyncio.Protocol):
    """Takes everything, answers nothing."""


def listening() -> socket.socket:
    found = socket.create_server(("0.0.0.0", 0), backlog=BACKLOG)
    found.setblocking(False)
    return found


async def main() -> None:
    loop = asyncio.get_running_loop()
    sockets = {"live": listening(), "silent": listening()}
    await loop.create_server(Webhook, sock=sockets["live"])
    await loop.create_server(Silent, sock=sockets["silent"])
    ports = {name: found.getsockname()[1] for name, found in sockets.items()}
    print(json.dumps(ports), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        taken = latencies_us.copy()
        latencies_us.clear()
        print(json.dumps(taken), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
