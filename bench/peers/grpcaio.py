"""gRPC's own asyncio server with a handler that does nothing: the floor of what a library would give.

`python -m bench.peers.grpcaio PORT` is the server: grpc.health.v1.Health/Check, answered SERVING without a look.
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


class GrpcAio(Peer):
    """One server process, on uvloop as the broker is."""

    name = "grpcaio"

    def start(self) -> None:
        self.version = version("grpcio")
        self._port = free_port()
        command = [sys.executable, "-m", "bench.peers.grpcaio", str(self._port)]
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


async def serve(port: int) -> None:
    """Until the process is ended."""
    import grpc.aio  # noqa: PLC0415 - the runner needs none of it

    async def check(request: bytes, context: Any) -> bytes:
        return SERVING

    server = grpc.aio.server()
    handlers: dict[str, Any] = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    generic = grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
