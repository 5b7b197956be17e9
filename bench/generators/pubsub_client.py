"""Pub/Sub load by google-cloud-pubsub, as programs use it: what users see, mostly of the client itself.

| mode    | what happens                                                                                      |
|---------|---------------------------------------------------------------------------------------------------|
| publish | so many futures at once, batches as the client makes them                                         |
| pull    | COUNT messages to a callback that acknowledges                                                    |
| paced   | `rate_per_s` publishes with the client's batch latency at 0; a sample is from publish to callback |

Parameters: host, port, mode, size_bytes, seconds, rate_per_s, topic.
"""

import os
import threading
import time
from typing import Any

from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.types import BatchSettings

from bench.generators import control
from bench.generators.amqp_latency import summary

COUNT = 10_000
UNDER_WAY = 5_000
WARM_UP_SAMPLES = 200
TIMEOUT_S = 30.0


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        os.environ["PUBSUB_EMULATOR_HOST"] = f"{parameters['host']}:{parameters['port']}"
        self.mode = str(parameters["mode"])
        self.seconds = float(parameters["seconds"])
        self.rate = float(parameters.get("rate_per_s", 0) or 1)
        self.data = b"x" * int(parameters["size_bytes"])
        batches = BatchSettings(max_latency=0) if self.mode == "paced" else BatchSettings()
        self.publisher = PublisherClient(batches)
        self.subscriber = SubscriberClient()
        self.topic = f"projects/default/topics/{parameters['topic']}"
        self.subscription = f"projects/default/subscriptions/{parameters['topic']}-sub"
        self.publisher.create_topic(name=self.topic)
        if self.mode != "publish":
            self.subscriber.create_subscription(name=self.subscription, topic=self.topic)
        self.publisher.publish(self.topic, self.data).result(TIMEOUT_S)
        if self.mode == "pull":
            futures = [self.publisher.publish(self.topic, self.data) for _ in range(COUNT - 1)]
            for future in futures:
                future.result(TIMEOUT_S)

    def run(self) -> control.Result:
        """See the module."""
        run: Any = {"publish": self._publish, "pull": self._pull, "paced": self._paced}[self.mode]
        found: control.Result = run()
        return found

    def _publish(self) -> control.Result:
        start = time.perf_counter()
        count = 0
        while time.perf_counter() < start + self.seconds:
            futures = [self.publisher.publish(self.topic, self.data) for _ in range(UNDER_WAY)]
            for future in futures:
                future.result(TIMEOUT_S)
            count += len(futures)
        return {"count": count, "rate": count / (time.perf_counter() - start)}

    def _pull(self) -> control.Result:
        done = threading.Event()
        ids: set[str] = set()

        def take(message: Any) -> None:
            message.ack()
            ids.add(message.message_id)
            if len(ids) == COUNT:
                done.set()

        start = time.perf_counter()
        future = self.subscriber.subscribe(self.subscription, take)
        came = done.wait(control.OVERTIME_MAX_S)
        elapsed_s = time.perf_counter() - start
        future.cancel()
        future.result(TIMEOUT_S)
        if not came:
            raise control.LoadFailedError(f"{len(ids)} of {COUNT} came")
        return {"count": COUNT, "rate": COUNT / elapsed_s}

    def _paced(self) -> control.Result:
        total = int(self.rate * self.seconds) + WARM_UP_SAMPLES
        done = threading.Event()
        samples: list[float] = []

        def take(message: Any) -> None:
            now = time.perf_counter()
            message.ack()
            sent = message.attributes.get("at")
            if sent is not None:
                samples.append((now - float(sent)) * 1e6)
            if len(samples) == total:
                done.set()

        future = self.subscriber.subscribe(self.subscription, take)
        start = time.perf_counter()
        for number in range(total):
            time.sleep(max(start + number / self.rate - time.perf_counter(), 0))
            self.publisher.publish(self.topic, self.data, at=repr(time.perf_counter()))
        came = done.wait(control.OVERTIME_MAX_S)
        future.cancel()
        future.result(TIMEOUT_S)
        if not came:
            raise control.LoadFailedError(f"{len(samples)} of {total} came")
        return summary(samples[WARM_UP_SAMPLES:])

    def clean(self) -> None:
        """The topic goes."""
        if self.mode != "publish":
            self.subscriber.delete_subscription(subscription=self.subscription)
        self.publisher.delete_topic(topic=self.topic)


if __name__ == "__main__":
    control.serve(Load)
