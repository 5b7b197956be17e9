"""Pub/Sub load: raw gRPC on one connection, `window` calls under way at once.

| mode    | what happens                                                                                    |
|---------|-------------------------------------------------------------------------------------------------|
| publish | Publish of `batch` messages, one answer each; the ids of all must be different                      |
| pull    | StreamingPull of COUNT messages published before, acknowledged by calls of their own               |

Every answer must be OK, and a pull must bring each message once.

Parameters: host, port, mode, size_bytes, batch, window, seconds, topic.
"""

import time

from google.pubsub_v1 import types

from bench.generators import control
from bench.generators.grpc_wire import Call, Channel

PUBLISHER = "/google.pubsub.v1.Publisher/"
SUBSCRIBER = "/google.pubsub.v1.Subscriber/"
COUNT = 100_000  # to be pulled
FILL_BATCH = 250
ROOM_BYTES = 300_000  # to be free before a request that fills: gRPC on Java takes 1 MiB at once
_Response = types.StreamingPullResponse.pb()
_Acknowledge = types.AcknowledgeRequest.pb()
_Published = types.PublishResponse.pb()


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self.seconds = float(parameters["seconds"])
        self.batch = int(parameters["batch"])
        self.window = int(parameters["window"])
        self.is_pull = parameters["mode"] == "pull"
        self.data = b"x" * int(parameters["size_bytes"])
        self.topic = f"projects/default/topics/{parameters['topic']}"
        self.subscription = f"projects/default/subscriptions/{parameters['topic']}-sub"
        self.channel = Channel((str(parameters["host"]), int(parameters["port"])))
        topic = types.Topic(name=self.topic)
        self.channel.ask(f"{PUBLISHER}CreateTopic", types.Topic.serialize(topic))
        if self.is_pull:
            subscription = types.Subscription(name=self.subscription, topic=self.topic)
            message = types.Subscription.serialize(subscription)
            self.channel.ask(f"{SUBSCRIBER}CreateSubscription", message)
            for _ in range(COUNT // FILL_BATCH):
                self.channel.wait_room(ROOM_BYTES)
                self.channel.ask(f"{PUBLISHER}Publish", self._request(FILL_BATCH))

    def _request(self, count: int) -> bytes:
        messages = [types.PubsubMessage(data=self.data)] * count
        request = types.PublishRequest(topic=self.topic, messages=messages)
        return bytes(types.PublishRequest.serialize(request))

    def run(self) -> control.Result:
        """See the module."""
        return self._pull() if self.is_pull else self._publish()

    def _publish(self) -> control.Result:
        channel = self.channel
        call = Call(f"{PUBLISHER}Publish", self._request(self.batch))
        answers: dict[int, bytes] = {}
        under_way = requests = 0
        last = b""
        start = time.perf_counter()
        end = start + self.seconds
        while True:
            while (
                under_way < self.window and channel.room > call.size and time.perf_counter() < end
            ):
                answers[channel.begin(call)] = b""
                under_way += 1
            if not under_way:
                break
            for _, stream, payload, ends in channel.events():
                answers[stream] += payload
                if ends:
                    last = answers.pop(stream)
                    under_way -= 1
                    requests += 1
            if time.perf_counter() > end + control.OVERTIME_MAX_S:
                raise control.LoadFailedError("answers are missing")
        elapsed_s = time.perf_counter() - start
        ids = _Published.FromString(last[5:]).message_ids
        if len(set(ids)) != self.batch:
            raise control.LoadFailedError(f"{len(set(ids))} ids of {self.batch} messages")
        count = requests * self.batch
        return {"count": count, "rate": count / elapsed_s, "requests_per_s": requests / elapsed_s}

    def _pull(self) -> control.Result:
        channel = self.channel
        request = types.StreamingPullRequest(
            subscription=self.subscription,
            stream_ack_deadline_seconds=600,
            max_outstanding_messages=10_000,
        )
        opening = Call(f"{SUBSCRIBER}StreamingPull", types.StreamingPullRequest.serialize(request))
        start = time.perf_counter()
        pulling = channel.begin(opening, ends=False)
        data = b""
        count = under_way = 0
        seen: set[str] = set()
        while count < COUNT or under_way:
            for _, stream, payload, ends in channel.events():
                if stream != pulling:
                    under_way -= ends
                    continue
                data += payload
                while len(data) >= 5 and len(data) >= (
                    size := 5 + int.from_bytes(data[1:5], "big")
                ):
                    response = _Response.FromString(data[5:size])
                    data = data[size:]
                    received = response.received_messages
                    if not received:
                        continue
                    seen.update(one.message.message_id for one in received)
                    count += len(received)
                    ids = [one.ack_id for one in received]
                    ack = _Acknowledge(subscription=self.subscription, ack_ids=ids)
                    channel.begin(Call(f"{SUBSCRIBER}Acknowledge", ack.SerializeToString()))
                    under_way += 1
            if time.perf_counter() > start + control.OVERTIME_MAX_S:
                raise control.LoadFailedError(f"{count} of {COUNT} came")
        elapsed_s = time.perf_counter() - start
        if len(seen) != COUNT or count != COUNT:
            raise control.LoadFailedError(f"{count} came, {len(seen)} different ones of {COUNT}")
        return {"count": count, "rate": count / elapsed_s}

    def clean(self) -> None:
        """The topic goes."""
        name = self.topic.encode()
        self.channel.ask(f"{PUBLISHER}DeleteTopic", b"\x0a" + bytes([len(name)]) + name)


if __name__ == "__main__":
    control.serve(Load)
