"""gRPC's own asyncio server that hands what is published straight to who pulls it: the floor of the latency rows.

`python -m bench.peers.grpcrelay PORT` is the server: of Pub/Sub what the loads call. It keeps nothing, leases nothing
and knows one subscription: what a client sees of it is the client's own time, and the library's.
"""

import asyncio
import sys
from typing import Any

from bench.peers.grpcaio import GrpcAio

NOTHING = {
    "Publisher": ("CreateTopic", "DeleteTopic"),
    "Subscriber": ("CreateSubscription", "DeleteSubscription", "Acknowledge", "ModifyAckDeadline"),
}


class GrpcRelay(GrpcAio):
    """One server process, on uvloop as the broker is."""

    name = "grpcrelay"
    module = "bench.peers.grpcrelay"


class Relay:
    """One topic's messages to every open stream."""

    def __init__(self) -> None:
        from google.pubsub_v1 import types  # noqa: PLC0415 - the runner needs none of it

        self._request: Any = types.PublishRequest.pb()
        self._ids: Any = types.PublishResponse.pb()
        self._pulled: Any = types.StreamingPullResponse.pb()
        self._streams: list[asyncio.Queue[bytes]] = []
        self._count = 0

    async def publish(self, request: bytes, context: Any) -> bytes:
        messages = self._request.FromString(request).messages
        start, self._count = self._count, self._count + len(messages)
        for id_, message in enumerate(messages, start):
            message.message_id = str(id_)
        if self._streams:
            received = [{"ack_id": each.message_id, "message": each} for each in messages]
            response = self._pulled(received_messages=received).SerializeToString()
            for stream in self._streams:
                stream.put_nowait(response)
        ids = [each.message_id for each in messages]
        return bytes(self._ids(message_ids=ids).SerializeToString())

    async def nothing(self, request: bytes, context: Any) -> bytes:
        return b""

    async def pull(self, requests: Any, context: Any) -> Any:
        mine: asyncio.Queue[bytes] = asyncio.Queue()
        self._streams.append(mine)
        try:
            while True:
                yield await mine.get()
        finally:
            self._streams.remove(mine)


async def serve(port: int) -> None:
    """Until the process is ended."""
    import grpc.aio  # noqa: PLC0415 - the runner needs none of it

    relay = Relay()
    unary = grpc.unary_unary_rpc_method_handler
    own: dict[str, dict[str, Any]] = {
        "Publisher": {"Publish": unary(relay.publish)},
        "Subscriber": {"StreamingPull": grpc.stream_stream_rpc_method_handler(relay.pull)},
    }
    server = grpc.aio.server()
    for service, names in NOTHING.items():
        handlers = own[service] | {name: unary(relay.nothing) for name in names}
        generic = grpc.method_handlers_generic_handler(f"google.pubsub.v1.{service}", handlers)
        server.add_generic_rpc_handlers((generic,))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
