"""The receiver as a process, and an outbound in a test's own loop to talk to it."""

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from dragoman.ports.outbound import Answered, Outgoing
from dragoman.push.build import outbound
from dragoman.push.guard import Guard
from dragoman.push.outbound import HttpOutbound

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_MS = 5_000
LOOPBACK = ("127.0.0.0/8",)


@contextmanager
def receiver(*certificates: str) -> Iterator[dict[str, int]]:
    """Its ports: of plain HTTP under "", of each certificate under its file's name."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.push.receiver", *certificates],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ports: dict[str, int] = json.loads(process.stdout.readline())
        yield ports
    finally:
        process.stdin.close()
        process.stdout.close()
        process.kill()
        process.wait()


@asynccontextmanager
async def sending(
    tls: ssl.SSLContext | None = None, allow: Sequence[str] = LOOPBACK, **more: Any
) -> AsyncIterator[HttpOutbound]:
    """An outbound that may call this machine unless `allow` says otherwise."""
    context = tls or ssl.create_default_context()
    loop = asyncio.get_running_loop()
    made = outbound(loop, Guard(allow), context, "Dragoman/test", **more)
    try:
        yield made
    finally:
        await made.close()


def post(url: str, body: bytes = b"hello", timeout_ms: int = TIMEOUT_MS) -> Outgoing:
    return Outgoing("POST", url, [("content-type", "text/plain")], body, timeout_ms)


async def answer_to(made: HttpOutbound, request: Outgoing) -> Answered:
    """Send one and wait for what becomes of it."""
    found: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
    made.send(request, found.set_result)
    return await found
