"""Pub/Sub latency at low load, from plain sockets: Publish on one connection, StreamingPull on another.

A message is published on a fixed schedule, alone; a sample is from the last byte of its request sent to the bytes of
its delivery read. Each message is acknowledged by a call of its own.

Parameters: host, port, size_bytes, seconds, rate_per_s, topic. Results are in microseconds.
"""

import select
import time

from google.pubsub_v1 import types

from bench.generators import control
from bench.generators.amqp_latency import summary
from bench.generators.grpc_wire import Call, Channel

PUBLISHER = "/google.pubsub.v1.Publisher/"
SUBSCRIBER = "/google.pubsub.v1.Subscriber/"
WARM_UP_SAMPLES = 200  # a fresh topic's first requests pay for files and code paths
ROOM_BYTES = 1 << 14  # gRPC on Java takes 1 MiB at once, half of it before it says so
_Response = types.StreamingPullResponse.pb()
_Acknowledge = types.AcknowledgeRequest.pb()


class Probe:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        address = (str(parameters["host"]), int(parameters["port"]))
        self.rate = float(parameters["rate_per_s"])
        self.total = int(self.rate * float(parameters["seconds"])) + WARM_UP_SAMPLES
        self.topic = f"projects/default/topics/{parameters['topic']}"
        self.subscription = f"projects/default/subscriptions/{parameters['topic']}-sub"
        self.publisher, self.puller = Channel(address), Channel(address)
        topic = types.Topic.serialize(types.Topic(name=self.topic))
        self.publisher.ask(f"{PUBLISHER}CreateTopic", topic)
        made = types.Subscription(name=self.subscription, topic=self.topic)
        self.publisher.ask(f"{SUBSCRIBER}CreateSubscription", types.Subscription.serialize(made))
        message = types.PubsubMessage(data=b"x" * int(parameters["size_bytes"]))
        request = types.PublishRequest(topic=self.topic, messages=[message])
        self.call = Call(f"{PUBLISHER}Publish", types.PublishRequest.serialize(request))
        opening = types.StreamingPullRequest(
            subscription=self.subscription, stream_ack_deadline_seconds=600
        )
        raw = types.StreamingPullRequest.serialize(opening)
        self.pulling = self.puller.begin(Call(f"{SUBSCRIBER}StreamingPull", raw), ends=False)
        self.data = b""
        self.sent_at: list[float] = []
        self.samples: list[float] = []

    def run(self) -> control.Result:
        """Samples for the time given."""
        start = time.perf_counter()
        give_up = start + self.total / self.rate + control.OVERTIME_MAX_S
        while len(self.samples) < self.total:
            now = time.perf_counter()
            due = start + len(self.sent_at) / self.rate
            if len(self.sent_at) < self.total and now >= due and self.publisher.room > ROOM_BYTES:
                self.publisher.begin(self.call)
                self.sent_at.append(time.perf_counter())
                continue
            wait = max(due - now, 0) if len(self.sent_at) < self.total else 1.0
            socks = [self.publisher.sock, self.puller.sock]
            for sock in select.select(socks, [], [], wait)[0]:
                if sock is self.publisher.sock:
                    for _ in self.publisher.events():
                        pass
                else:
                    self._pulled()
            if now > give_up:
                raise control.LoadFailedError(f"{len(self.samples)} of {self.total} came")
        return summary(self.samples[WARM_UP_SAMPLES:])

    def _pulled(self) -> None:
        for _, stream, payload, _ends in self.puller.events():
            if stream != self.pulling:
                continue
            self.data += payload
        now = time.perf_counter()
        while len(self.data) >= 5:
            size = 5 + int.from_bytes(self.data[1:5], "big")
            if len(self.data) < size:
                return
            received = _Response.FromString(self.data[5:size]).received_messages
            self.data = self.data[size:]
            if received:
                for _ in received:
                    self.samples.append((now - self.sent_at[len(self.samples)]) * 1e6)
                ids = [one.ack_id for one in received]
                ack = _Acknowledge(subscription=self.subscription, ack_ids=ids)
                self.puller.begin(Call(f"{SUBSCRIBER}Acknowledge", ack.SerializeToString()))

    def clean(self) -> None:
        """The topic goes."""
        name = self.topic.encode()
        self.publisher.ask(f"{PUBLISHER}DeleteTopic", b"\x0a" + bytes([len(name)]) + name)


if __name__ == "__main__":
    control.serve(Probe)
