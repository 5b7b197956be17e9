"""gRPC's own asyncio server with handlers that do nothing: the floor of what a library would give.

`python -m bench.peers.grpcaio PORT` is the server: grpc.health.v1.Health/Check, answered SERVING without a look, and of
Pub/Sub what the load calls, answered from what was built before: as many ids as a request has messages, one stream.
"""

import asyncio
import os
import socket
import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from bench.peers.base import Peer, free_port
from bench.peers.dragoman import REPOSITORY

SERVING = b"\x08\x01"
PULLED = 100_000  # messages, as many as the load wants
PULLED_AT_ONCE = 100


class GrpcAio(Peer):
    """One server process, on uvloop as the broker is."""

    name = "grpcaio"
    module = "bench.peers.grpcaio"

    def start(self) -> None:
        self.version = version("grpcio")
        self._port = free_port()
        command = [sys.executable, "-m", self.module, str(self._port)]
        self.spawn(
            command, {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "src")])}
        )
        self.wait_ready(self._answers)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(self.endpoint("pubsub"), 1):
            return True
        return False

    def endpoint(self, protocol: str) -> tuple[str, int]:
        return {"pubsub": ("127.0.0.1", self._port)}[protocol]


class Pubsub:
    """Answers that are there before they are asked for; requests and responses stay bytes."""

    def __init__(self) -> None:
        from google.pubsub_v1 import types  # noqa: PLC0415 - as below

        self._types: Any = types
        self._published: dict[int, bytes] = {}  # by the size of the request
        responses = types.StreamingPullResponse.pb()
        self._stream = [
            responses(
                received_messages=[
                    {
                        "ack_id": f"ack-{at}",
                        "message": {"data": bytes(1_024), "message_id": str(at)},
                    }
                    for at in range(start, start + PULLED_AT_ONCE)
                ]
            ).SerializeToString()
            for start in range(0, PULLED, PULLED_AT_ONCE)
        ]

    async def publish(self, request: bytes, context: Any) -> bytes:
        known = self._published.get(len(request))
        if known is None:
            count = len(self._types.PublishRequest.pb().FromString(request).messages)
            response = self._types.PublishResponse.pb()(
                message_ids=[str(at) for at in range(count)]
            )
            known = self._published[len(request)] = response.SerializeToString()
        return known

    async def nothing(self, request: bytes, context: Any) -> bytes:
        return b""

    async def pull(self, requests: Any, context: Any) -> Any:
        for response in self._stream:
            yield response
        async for _ in requests:
            pass


async def serve(port: int) -> None:
    """Until the process is ended."""
    import grpc.aio  # noqa: PLC0415 - the runner needs none of it

    async def check(request: bytes, context: Any) -> bytes:
        return SERVING

    server = grpc.aio.server()
    handlers: dict[str, Any] = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    generic = grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers)
    pubsub = Pubsub()
    unary, name = grpc.unary_unary_rpc_method_handler, "google.pubsub.v1."
    publisher: dict[str, Any] = {"Publish": unary(pubsub.publish)}
    publisher |= {method: unary(pubsub.nothing) for method in ("CreateTopic", "DeleteTopic")}
    subscriber: dict[str, Any] = {
        "StreamingPull": grpc.stream_stream_rpc_method_handler(pubsub.pull)
    }
    subscriber |= {
        method: unary(pubsub.nothing) for method in ("CreateSubscription", "Acknowledge")
    }
    found = [generic]
    for service, methods in (("Publisher", publisher), ("Subscriber", subscriber)):
        found.append(grpc.method_handlers_generic_handler(name + service, methods))
    server.add_generic_rpc_handlers(tuple(found))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
