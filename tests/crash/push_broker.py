"""`dragoman serve` with a face of its own, which pushes the queue `pushed` to the URL in PUSH_URL, one message at first.

Whatever is not answered with 2xx comes again after BACKOFF_MS.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Final

from dragoman.app import serve
from dragoman.app.config import ServeOptions
from dragoman.app.renderers import RENDERERS
from dragoman.cli.serve import read
from dragoman.doors.shared.push.door import pushed_by
from dragoman.doors.shared.push.renderer import (
    ACK,
    Plan,
    PushedSubscription,
    PushMessage,
    Verdict,
)
from dragoman.kernel.commands import DeclareQueue, Publish
from dragoman.kernel.settings import Address, SubscriptionSettings
from dragoman.model.levels import CANONICAL
from dragoman.ports.outbound import Answered, Outgoing

BACKOFF_MS: Final = 4_000
QUEUE: Final = "pushed"


class Face:
    """Says which attempt it is in a header."""

    name = "crash"

    def plan(self, subscription: PushedSubscription) -> Plan:
        return Plan(os.environ["PUSH_URL"])

    def request_of(
        self, messages: Sequence[PushMessage], subscription: PushedSubscription
    ) -> Outgoing:
        headers = [("attempt", str(messages[0].attempt))]
        return Outgoing("POST", os.environ["PUSH_URL"], headers, messages[0].body, 60_000)

    def judge(self, answered: Answered, attempt: int, subscription: PushedSubscription) -> Verdict:
        return ACK if answered.status == 200 else Verdict("release", delay_ms=BACKOFF_MS)


async def run(options: ServeOptions) -> int:
    """As `serve` does, after the queue was made."""
    starts = serve.start

    async def start(options: ServeOptions) -> serve.Running:
        running = await starts(options)
        broker = running.parts.broker
        settings = SubscriptionSettings(push=Face.name)
        broker.begin_turn()
        if broker.kernel.submit(DeclareQueue(name=QUEUE, settings=settings), 0).created:
            broker.kernel.publish(Publish("default", Address(QUEUE), CANONICAL, [b"hello"]))
        return running

    serve.start = start  # type: ignore[assignment]
    return await serve.run(options)


if __name__ == "__main__":
    RENDERERS[Face.name] = lambda *_: (Face(), pushed_by(Face.name))
    sys.exit(asyncio.run(run(read(sys.argv[1:]))))
