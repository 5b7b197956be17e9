"""`dragoman eventgrid ...`: Event Grid's resources, as Azure's management clients see them.

A resource is named by its path: `topics/orders`, `domains/shop/topics/orders`, `namespaces/ns1/topics/items`,
`topics/orders/eventSubscriptions/hook`. It is in every subscription and resource group.
"""

import json
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from cyclopts import Parameter

from dragoman.cli import show
from dragoman.cli.api import USUAL, Api, Where
from dragoman.cli.errors import CommandError

ROOT: Final = "/providers/Microsoft.EventGrid"
KINDS: Final = ("topics", "domains", "namespaces", "systemTopics", "eventSubscriptions")
COLUMNS: Final = ("resource", "state", "details")
SCHEMAS: Final = {
    "eventgrid": "EventGridSchema",
    "cloudevents": "CloudEventSchemaV1_0",
    "input": "CustomInputSchema",
}
INPUTS: Final = {**SCHEMAS, "input": "CustomEventSchema"}
"""What a topic takes."""
Schema = Literal["eventgrid", "cloudevents", "input"]


def list_(kind: str = "", *, where: Where = USUAL) -> int:
    """List resources.

    Args:
        kind: topics, domains, namespaces, systemTopics, eventSubscriptions, or a path such as domains/shop/topics;
            without it, all.
    """
    api = Api(where)
    kinds = (kind,) if kind else KINDS
    found = [item for each in kinds for item in api.arm("GET", _path(each))["value"]]
    if where.json:
        show.lines(found)
        return 0
    rows = [
        (_short(item), item["properties"].get("provisioningState"), _details(item))
        for item in found
    ]
    show.table(COLUMNS, rows)
    return 0


def show_(path: str, *, where: Where = USUAL) -> int:
    """Show a resource with all its properties.

    Args:
        path: Which.
    """
    show.document(Api(where).arm("GET", _path(path)), as_json=where.json)
    return 0


def put(path: str, properties: str = "{}", *, where: Where = USUAL) -> int:
    """Make a resource, or put it in place of what is there.

    Args:
        path: Which.
        properties: Its properties as Azure Resource Manager knows them, in JSON.
    """
    body = {"properties": _json("properties", properties)}
    show.document(Api(where).arm("PUT", _path(path), body), as_json=where.json)
    return 0


def topic(name: str, *, schema: Schema = "eventgrid", where: Where = USUAL) -> int:
    """Make a topic that takes events of one schema.

    Args:
        name: Its name.
        schema: Which.
    """
    body = {"properties": {"inputSchema": INPUTS[schema]}}
    found = Api(where).arm("PUT", _path(f"topics/{name}"), body)
    show.document(found, as_json=where.json)
    return 0


def subscribe(
    path: str,
    name: str,
    *,
    webhook: str = "",
    queue: str = "",
    types: Annotated[list[str] | None, Parameter(negative="")] = None,
    subject_begins: str = "",
    subject_ends: str = "",
    filter: str = "[]",
    schema: Schema | None = None,
    batch: int = 1,
    attempts: int = 30,
    ttl_minutes: int = 1440,
    dead: str = "",
    where: Where = USUAL,
) -> int:
    """Have a topic's events pushed to a URL, carried to a queue, or, of a namespace's topic, kept to be pulled.

    Args:
        path: The topic or domain: topics/orders, domains/shop, namespaces/ns1/topics/items.
        name: What the subscription is called.
        webhook: A URL, which is asked whether it wants events.
        queue: A queue of this broker.
        types: Only events of this type; may be given several times.
        subject_begins: Only events whose subject begins so.
        subject_ends: Only events whose subject ends so.
        filter: Advanced filters, as a JSON list.
        schema: What they are delivered in.
        batch: How many events a request may hold.
        attempts: How often an event is tried.
        ttl_minutes: And for how long.
        dead: The queue for those that could not be delivered.
    """
    if webhook and queue:
        raise CommandError("give --webhook or --queue, not both")
    advanced = _json("filter", filter)
    if path.lower().startswith("namespaces/"):
        properties = _pulled(webhook, queue, types, advanced)
    else:
        target = _target(webhook, queue, batch)
        if target is None:
            raise CommandError("give --webhook or --queue: only namespaces can be pulled from")
        properties = {
            "destination": target,
            "filter": {
                "subjectBeginsWith": subject_begins,
                "subjectEndsWith": subject_ends,
                "advancedFilters": advanced,
                "enableAdvancedFilteringOnArrays": True,
                **({"includedEventTypes": types} if types else {}),
            },
            "retryPolicy": {
                "maxDeliveryAttempts": attempts,
                "eventTimeToLiveInMinutes": ttl_minutes,
            },
        }
        if dead:
            properties["deadLetterDestination"] = {
                "endpointType": "StorageBlob",
                "properties": {"resourceId": "/", "blobContainerName": dead},
            }
    if schema is not None:
        properties["eventDeliverySchema"] = SCHEMAS[schema]
    body = {"properties": properties}
    found = Api(where).arm("PUT", _path(f"{path}/eventSubscriptions/{name}"), body)
    show.document(found, as_json=where.json)
    return 0


def _target(url: str, queue: str, batch: int) -> dict[str, Any] | None:
    if url:
        told: dict[str, Any] = {"endpointUrl": url}
        if batch > 1:
            told["maxEventsPerBatch"] = batch
        return {"endpointType": "WebHook", "properties": told}
    if queue:
        return {
            "endpointType": "StorageQueue",
            "properties": {"resourceId": "/", "queueName": queue},
        }
    return None


def _pulled(url: str, queue: str, types: list[str] | None, advanced: Any) -> dict[str, Any]:
    target = _target(url, queue, 1)
    delivery: dict[str, Any] = {"deliveryMode": "Queue"}
    if target is not None:
        wrapped = {"deliveryWithResourceIdentity": {"destination": target}}
        delivery = {"deliveryMode": "Push", "push": wrapped}
    return {
        "deliveryConfiguration": delivery,
        "filtersConfiguration": {
            "filters": advanced,
            **({"includedEventTypes": types} if types else {}),
        },
    }


def keys(path: str, *, where: Where = USUAL) -> int:
    """Tell the keys of a topic, domain or namespace.

    Args:
        path: Which.
    """
    show.document(Api(where).arm("POST", _path(f"{path}/listKeys")), as_json=where.json)
    return 0


def delete(path: str, *, where: Where = USUAL) -> int:
    """Delete a resource with all that hangs on it.

    Args:
        path: Which.
    """
    Api(where).arm("DELETE", _path(path))
    return 0


def _path(path: str) -> str:
    return f"{ROOT}/{quote(path.strip('/'))}"


def _short(item: dict[str, Any]) -> str:
    return str(item["id"]).rpartition(f"{ROOT}/")[2]


def _details(item: dict[str, Any]) -> str:
    properties = item["properties"]
    destination = properties.get("destination")
    if destination is not None:
        told = destination["properties"]
        return str(told.get("endpointBaseUrl") or told.get("queueName") or told.get("resourceId"))
    hostname = properties.get("topicsConfiguration", {}).get("hostname")
    return str(properties.get("endpoint") or hostname or "")


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"--{name}: {error}") from error
