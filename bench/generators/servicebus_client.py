"""Service Bus load by azure-servicebus, as programs use it: what users see, mostly of the client itself.

| mode    | what happens                                                             |
|---------|--------------------------------------------------------------------------|
| send    | one message at a time                                                    |
| batch   | ServiceBusMessageBatch after batch, of BATCH messages each               |
| receive | RECEIVED messages that were sent before, BATCH at a time, each completed |

Parameters: host, port, mode, size_bytes, seconds, queue.
"""

import time

from azure.servicebus import ServiceBusClient, ServiceBusMessage, ServiceBusSender

from bench.generators import control
from bench.generators.servicebus_raw import DESCRIPTION, administer

BATCH = 100
RECEIVED = 2_000
WAIT_S = 5


class Load:
    """See the module."""

    def __init__(self, parameters: control.Parameters) -> None:
        self._parameters = parameters
        self._body = b"x" * int(parameters["size_bytes"])
        administer(parameters, "PUT", DESCRIPTION)
        endpoint = f"Endpoint=sb://{parameters['host']}:{parameters['port']}"
        key = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE"
        said = f"{endpoint};{key};UseDevelopmentEmulator=true;"
        self._client = ServiceBusClient.from_connection_string(said)
        self._queue = str(parameters["queue"])
        self._sender = self._client.get_queue_sender(self._queue)
        self._mode = str(parameters["mode"])
        self._send_batch(self._sender)  # the link is there
        if self._mode == "receive":
            for _ in range(RECEIVED // BATCH - 1):
                self._send_batch(self._sender)

    def _send_batch(self, sender: ServiceBusSender) -> int:
        batch = sender.create_message_batch()
        for _ in range(BATCH):
            batch.add_message(ServiceBusMessage(self._body))
        sender.send_messages(batch)
        return BATCH

    def run(self) -> control.Result:
        """See the module."""
        start = time.monotonic()
        end = start + float(self._parameters["seconds"])
        count = self._receive() if self._mode == "receive" else self._send(end)
        elapsed = time.monotonic() - start
        return {"count": count, "seconds": elapsed, "rate": count / elapsed}

    def _send(self, end: float) -> int:
        count = 0
        while time.monotonic() < end:
            if self._mode == "batch":
                count += self._send_batch(self._sender)
            else:
                self._sender.send_messages(ServiceBusMessage(self._body))
                count += 1
        return count

    def _receive(self) -> int:
        with self._client.get_queue_receiver(self._queue, prefetch_count=BATCH) as receiver:
            count = 0
            while count < RECEIVED:
                wanted = min(
                    BATCH, RECEIVED - count
                )  # for more it waits, though it has all there are
                found = receiver.receive_messages(wanted, max_wait_time=WAIT_S)
                if not found:
                    raise control.LoadFailedError(f"{count} of {RECEIVED} came")
                for message in found:
                    receiver.complete_message(message)
                count += len(found)
        return count

    def clean(self) -> None:
        """The queue goes."""
        self._sender.close()
        self._client.close()
        administer(self._parameters, "DELETE")


if __name__ == "__main__":
    control.serve(Load)
