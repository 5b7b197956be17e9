"""Event Grid as its clients speak it: publishing from prebuilt requests, and making what is published to."""

import http.client
import json
import time
from typing import Any

from bench.generators import control

GROUP = "/subscriptions/bench/resourceGroups/bench/providers/Microsoft.EventGrid"
VERSION = "?api-version=2025-02-15"
CLOUD = "CloudEventSchemaV1_0"
GRID = "EventGridSchema"
TYPES = {CLOUD: "application/cloudevents-batch+json; charset=utf-8", GRID: "application/json"}
POLL_S = 0.1
SHAKEN_S = 120.0


def event(schema: str, number: int, data: dict[str, Any]) -> dict[str, Any]:
    """One as azure-eventgrid spells it."""
    id_, at = f"b1946ac9-2dd4-4a6e-9b1f-{number:012}", "2030-01-02T03:04:05.678901Z"
    if schema == CLOUD:
        told = {
            "id": id_,
            "source": "/bench",
            "type": "bench.made",
            "specversion": "1.0",
            "time": at,
        }
    else:
        told = {"id": id_, "eventType": "bench.made", "subject": "s", "eventTime": at}
        told["dataVersion"] = "1"
    return {**told, "data": data}


def request(host: str, topic: str, schema: str, events: list[dict[str, Any]]) -> bytes:
    """A publish."""
    body = json.dumps(events)
    return (
        f"POST /{topic}/api/events?api-version=2018-01-01 HTTP/1.1\r\nHost: {host}\r\n"
        f"aeg-sas-key: bG9jYWw=\r\nContent-Type: {TYPES[schema]}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


class Manager:
    """Makes topics and subscriptions, and asks how much there is."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=30)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request's answer. Raises LoadFailedError."""
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise control.LoadFailedError(f"{method} {path}: {answer.status} {raw[:300]!r}")
        return json.loads(raw) if raw else None

    def topic(self, name: str, schema: str) -> None:
        """Make one."""
        properties = {"inputSchema": schema}
        self.ask(
            "PUT", f"{GROUP}/topics/{name}{VERSION}", {"location": "here", "properties": properties}
        )

    def subscribe(self, topic: str, name: str, url: str) -> None:
        """Have its events pushed; the handshake comes later."""
        properties = {
            "destination": {"endpointType": "WebHook", "properties": {"endpointUrl": url}}
        }
        path = f"{GROUP}/topics/{topic}/eventSubscriptions/{name}{VERSION}"
        self.ask("PUT", path, {"properties": properties})

    def wait_shaken(self, topic: str, count: int) -> None:
        """Until so many of its endpoints have agreed. Raises LoadFailedError."""
        give_up = time.monotonic() + SHAKEN_S
        path = f"{GROUP}/topics/{topic}/eventSubscriptions{VERSION}"
        while True:
            found = [
                one["properties"]["provisioningState"] for one in self.ask("GET", path)["value"]
            ]
            if found.count("Succeeded") == count:
                return
            if time.monotonic() > give_up or len(found) < count:
                raise control.LoadFailedError(
                    f"{topic}: {found.count('Succeeded')} of {count} agreed"
                )
            time.sleep(POLL_S)

    def stored(self, topic: str) -> int:
        """Events that its stream ever took."""
        found = self.ask("GET", f"/admin/v1/streams/default/{topic}")
        return sum(int(one["end"]) for one in found["partitions"])

    def delete(self, topic: str) -> None:
        """It, its subscriptions and its stream."""
        self.ask("DELETE", f"{GROUP}/topics/{topic}{VERSION}")
