"""Resource Manager's paths: topics, domains, namespaces, system topics, and what hangs on them."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import ARM, CLOUD, Grid, cloud, code, grid, read

from dragoman.kernel.api import FindStream
from dragoman.model.errors import StreamNotFound

WEBHOOK = {
    "endpointType": "WebHook",
    "properties": {"endpointUrl": "https://h.test/hook?code=secret"},
}
QUEUE = {
    "endpointType": "ServiceBusQueue",
    "properties": {
        "resourceId": "/subscriptions/s/providers/Microsoft.ServiceBus/namespaces/n/queues/work"
    },
}


def managed() -> Grid:
    return Grid(streams=())


def topic(found: Grid, name: str = "orders", **properties: Any) -> Any:
    return found.arm(
        "PUT", f"topics/{name}", {"location": "here", "tags": {"a": "b"}, "properties": properties}
    )


def has_stream(found: Grid, name: str) -> bool:
    try:
        found.submit(FindStream(name=name))
    except StreamNotFound:
        return False
    return True


def test_a_topic_is_made_told_changed_and_deleted() -> None:
    found = managed()
    status, made = topic(found)
    assert status == 201
    assert made["id"] == f"{ARM}/topics/orders"
    assert made["type"] == "Microsoft.EventGrid/topics"
    assert made["properties"]["provisioningState"] == "Succeeded"
    assert made["properties"]["endpoint"] == "http://here/orders/api/events"
    assert found.arm("GET", "topics/orders") == (200, made)
    status, changed = found.arm(
        "PATCH",
        "topics/orders",
        {"tags": {"c": "d"}, "properties": {"publicNetworkAccess": "Disabled"}},
    )
    assert (changed["tags"], changed["location"]) == ({"c": "d"}, "here")
    assert changed["properties"]["publicNetworkAccess"] == "Disabled"
    assert found.arm("DELETE", "topics/orders") == (204, None)
    assert found.arm("GET", "topics/orders")[0] == 404
    assert found.arm("DELETE", "topics/orders") == (204, None)
    assert not has_stream(found, "orders")


def test_paths_are_read_whatever_their_case() -> None:
    found = managed()
    topic(found)
    path = "/SUBSCRIPTIONS/S1/resourcegroups/G1/Providers/microsoft.eventgrid/Topics/ORDERS"
    assert found.ask("GET", path.replace("SUBSCRIPTIONS", "subscriptions")).status == 200


def test_the_endpoint_that_a_topic_tells_takes_events() -> None:
    found = managed()
    made = topic(found, inputSchema="CloudEventSchemaV1_0")[1]
    path = made["properties"]["endpoint"].removeprefix("http://here")
    assert found.post(path, cloud(), CLOUD).status == 200


def test_keys_are_listed_and_made_anew() -> None:
    found = managed()
    topic(found)
    keys = found.arm("POST", "topics/orders/listKeys")[1]
    assert len({keys["key1"], keys["key2"]}) == 2
    fresh = found.arm("POST", "topics/orders/regenerateKey", {"keyName": "key2"})[1]
    assert (fresh["key1"] == keys["key1"], fresh["key2"] == keys["key2"]) == (True, False)
    assert found.arm("POST", "topics/orders/listKeys")[1] == fresh
    topic(found)
    assert found.arm("POST", "topics/orders/listKeys")[1] == fresh
    assert found.arm("POST", "topics/orders/regenerateKey", {"keyName": "key3"})[0] == 400
    assert found.arm("POST", "topics/orders/shuffle")[0] in (404, 405)


def test_lists_are_of_a_subscription_a_group_or_a_parent() -> None:
    found = managed()
    for name in ("bills", "orders"):
        topic(found, name)
    found.ask(
        "PUT", "/subscriptions/s1/resourceGroups/g2/providers/Microsoft.EventGrid/topics/other", {}
    )
    names = [one["name"] for one in found.arm("GET", "topics")[1]["value"]]
    assert names == ["bills", "orders"]
    everywhere = read(found.ask("GET", "/subscriptions/s1/providers/Microsoft.EventGrid/topics"))
    assert [one["name"] for one in everywhere["value"]] == ["bills", "orders", "other"]
    assert read(found.ask("GET", "/subscriptions/s2/providers/Microsoft.EventGrid/topics")) == {
        "value": []
    }


def test_long_lists_come_in_pages_and_by_filter() -> None:
    found = managed()
    for number in range(5):
        topic(found, f"topic-{number}")
    _, page = found.arm("GET", "topics", query="api-version=1&$top=2")
    assert [one["name"] for one in page["value"]] == ["topic-0", "topic-1"]
    rest = []
    while "nextLink" in page:
        page = read(found.ask("GET", page["nextLink"].removeprefix("http://here")))
        rest += [one["name"] for one in page["value"]]
    assert rest == ["topic-2", "topic-3", "topic-4"]
    query = "$filter=contains(name,%20'TOPIC')%20and%20not%20(name%20eq%20'topic-1'%20or%20name%20eq%20'topic-2')"
    assert [one["name"] for one in found.arm("GET", "topics", query=query)[1]["value"]] == [
        "topic-0", "topic-3", "topic-4",
    ]  # fmt: skip
    assert found.arm("GET", "topics", query="$filter=location%20eq%20'x'")[0] == 400
    assert found.arm("GET", "topics", query="$top=0")[0] == 400


def test_a_domain_has_topics_and_one_address() -> None:
    found = managed()
    status, domain = found.arm("PUT", "domains/shop", {"location": "here"})
    assert (status, domain["properties"]["endpoint"]) == (201, "http://here/shop/api/events")
    status, made = found.arm("PUT", "domains/shop/topics/orders", {})
    assert (status, made["type"]) == (201, "Microsoft.EventGrid/domains/topics")
    found.subscribe("all", "shop/orders")
    assert found.post("/shop/api/events", [grid(topic="orders")]).status == 200
    assert [one["name"] for one in found.arm("GET", "domains/shop/topics")[1]["value"]] == [
        "orders"
    ]
    assert found.arm("PUT", "domains/none/topics/orders", {})[0] == 404
    assert found.arm("DELETE", "domains/shop")[0] == 204
    assert found.arm("GET", "domains/shop/topics/orders")[0] == 404


def test_a_namespaces_topic_is_pulled_from_as_its_subscription_says() -> None:
    found = managed()
    _, namespace = found.arm(
        "PUT", "namespaces/ns1", {"location": "here", "sku": {"name": "Standard"}}
    )
    assert namespace["properties"]["topicsConfiguration"]["hostname"] == "here/ns1"
    assert (
        found.arm(
            "PUT", "namespaces/ns1/topics/orders", {"properties": {"eventRetentionInDays": 1}}
        )[0]
        == 201
    )
    delivery = {
        "deliveryMode": "Queue",
        "queue": {"receiveLockDurationInSeconds": 60, "maxDeliveryCount": 2},
    }
    filters = {"includedEventTypes": ["made"]}
    status, made = found.arm(
        "PUT", "namespaces/ns1/topics/orders/eventSubscriptions/sub",
        {"properties": {"deliveryConfiguration": delivery, "filtersConfiguration": filters}},
    )  # fmt: skip
    assert (status, made["properties"]["provisioningState"]) == (201, "Succeeded")
    assert made["properties"]["deliveryConfiguration"] == delivery
    for event in (cloud(1), cloud(2, type="lost")):
        assert found.post("/ns1/topics/orders:publish", event, CLOUD).status == 200
    path = "/ns1/topics/orders/eventsubscriptions/sub"
    (value,) = read(found.post(f"{path}:receive?maxEvents=10"))["value"]
    assert value["event"]["id"] == "1"
    assert found.post("/topics/orders:publish", cloud(3), CLOUD).status == 200
    assert len(read(found.post(f"{path}:receive"))["value"]) == 1
    assert found.arm("GET", "namespaces/ns1/topics/orders/eventSubscriptions")[1]["value"] == [made]
    assert len(found.arm("POST", "namespaces/ns1/topics/orders/listKeys")[1]) == 2


def test_a_system_topic_is_a_stream_too() -> None:
    found = managed()
    body = {
        "properties": {
            "source": "/subscriptions/s/x/storageAccounts/a",
            "topicType": "Microsoft.Storage.StorageAccounts",
        }
    }
    assert found.arm("PUT", "systemTopics/blobs", body)[0] == 201
    assert has_stream(found, "blobs")
    assert found.arm("PUT", "systemTopics/none", {})[0] == 400


def test_an_existing_stream_is_published_to_as_well_and_outlives_its_topic() -> None:
    found = Grid(streams=("orders",))
    topic(found)
    found.arm("DELETE", "topics/orders")
    assert has_stream(found, "orders")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("topics/ab", {}, 400),
        ("topics/a_b_c", {}, 400),
        ("topics/orders", {"properties": {"inputSchema": "Other"}}, 400),
        ("topics/orders", {"properties": []}, 400),
        ("topics/orders/x/y", {}, 404),
        ("widgets/w", {}, 404),
        ("partnerTopics/p", {}, 400),
        ("namespaces/n/topicSpaces/t", {}, 400),
        ("topics", {}, 405),
        ("topics/none/eventSubscriptions/sub", {"properties": {"destination": WEBHOOK}}, 404),
    ],
)
def test_what_cannot_be_made_is_refused(path: str, body: Any, status: int) -> None:
    assert managed().arm("PUT", path, body)[0] == status


@pytest.mark.parametrize("raw", [b"[]", b"{", b"\xff", b"[" * 9999])
def test_a_body_that_is_no_object_is_refused(raw: bytes) -> None:
    found = managed()
    answer = found.client.ask("PUT", f"{ARM}/topics/orders", raw)
    assert code(answer) == (400, "InvalidRequestContent")


def test_only_the_operators_keys_manage() -> None:
    found = Grid({"admin": "secret"}, streams=())
    assert code(found.ask("GET", f"{ARM}/topics")) == (401, "Unauthorized")
    token = ("Authorization", "Bearer secret")
    assert found.client.ask("GET", f"{ARM}/topics", b"", [token]).status == 200


def test_a_name_is_taken_once_in_all_groups() -> None:
    found = managed()
    topic(found)
    other = ARM.replace("g1", "g2")
    assert found.ask("PUT", f"{other}/topics/orders", {}).status == 409
    assert found.ask("GET", f"{other}/topics/orders").status == 404
