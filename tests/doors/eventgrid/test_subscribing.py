"""Event subscriptions: the same by every path, with what they are in the kernel."""

from typing import Any

import pytest
from tests.doors.eventgrid.client import ARM, Grid, cloud, read

from dragoman.kernel.api import DescribeQueue, Lease, ListPumps, QueueInfo
from dragoman.model.errors import SubscriptionNotFound

URL = "https://h.test/hook?code=secret"
HOOK = {"endpointType": "WebHook", "properties": {"endpointUrl": URL, "maxEventsPerBatch": 10}}
SUB = "topics/orders/eventSubscriptions/sub"
SCOPED = "topics/orders/providers/Microsoft.EventGrid/eventSubscriptions/sub"


def queue_of(kind: str = "ServiceBusQueue", place: str = "queues/work") -> dict[str, Any]:
    return {
        "endpointType": kind,
        "properties": {"resourceId": f"/subscriptions/s/x/namespaces/n/{place}"},
    }


def with_topic(**properties: Any) -> Grid:
    found = Grid(streams=())
    properties = {"inputSchema": "CloudEventSchemaV1_0", **properties}
    assert found.arm("PUT", "topics/orders", {"properties": properties})[0] == 201
    return found


def subscribe(found: Grid, destination: Any, path: str = SUB, **more: Any) -> Any:
    return found.arm("PUT", path, {"properties": {"destination": destination, **more}})


def info(found: Grid, name: str = "sub") -> QueueInfo:
    state: QueueInfo = found.submit(DescribeQueue(name="orders", subscription=name))
    return state


def test_a_webhook_is_creating_until_its_handshake_is_over() -> None:
    found = with_topic()
    status, made = subscribe(found, HOOK)
    assert (status, made["properties"]["provisioningState"]) == (201, "Creating")
    found.answer(200, headers=[("webhook-allowed-origin", "*")])
    told = found.arm("GET", SUB)[1]["properties"]
    assert told["provisioningState"] == "Succeeded"
    assert told["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}
    assert told["topic"] == f"{ARM}/topics/orders"


def test_secrets_are_told_to_those_who_ask_for_them() -> None:
    attributes = [
        {"name": "x-a", "type": "Static", "properties": {"value": "v", "isSecret": True}},
        {"name": "x-b", "type": "Dynamic", "properties": {"sourceField": "data.b"}},
    ]
    hook = {**HOOK, "properties": {**HOOK["properties"], "deliveryAttributeMappings": attributes}}  # type: ignore[dict-item]
    found = with_topic()
    subscribe(found, hook)
    shown = found.arm("GET", SUB)[1]["properties"]["destination"]["properties"]
    assert shown["endpointBaseUrl"] == "https://h.test/hook"
    assert "endpointUrl" not in shown
    assert shown["deliveryAttributeMappings"][0]["properties"]["value"] == "Hidden"
    assert found.arm("POST", f"{SUB}/getFullUrl") == (200, {"endpointUrl": URL})
    assert found.arm("POST", f"{SUB}/getDeliveryAttributes") == (200, {"value": attributes})


@pytest.mark.parametrize("namespaced", [False, True])
def test_secrets_of_a_destination_with_an_identity_are_not_shown_either(namespaced: bool) -> None:
    found = Grid(streams=())
    wrapped = {"deliveryWithResourceIdentity": {"destination": HOOK}}
    properties: Any = wrapped
    path = SUB
    if namespaced:
        properties = {"deliveryConfiguration": {"deliveryMode": "Push", "push": wrapped}}
        path = "namespaces/ns1/topics/orders/eventSubscriptions/sub"
        found.arm("PUT", "namespaces/ns1", {})
    parent = path.rpartition("/eventSubscriptions")[0]
    found.arm("PUT", parent, {"properties": {"inputSchema": "CloudEventSchemaV1_0"}})
    status, made = found.arm("PUT", path, {"properties": properties})
    assert status == 201
    assert "secret" not in str(made)
    assert "https://h.test/hook" in str(made)
    assert found.arm("POST", f"{path}/getFullUrl") == (200, {"endpointUrl": URL})


def test_events_are_not_carried_to_where_they_are() -> None:
    found = with_topic()
    circle = {"endpointType": "EventHub", "properties": {"resourceId": "/eventhubs/orders"}}
    assert subscribe(found, circle)[0] == 400
    with pytest.raises(SubscriptionNotFound):
        info(found)


def test_every_path_leads_to_the_same_subscription() -> None:
    found = with_topic()
    subscribe(found, queue_of())
    by_scope = found.arm("GET", SCOPED)[1]
    assert by_scope == found.arm("GET", SUB)[1]
    assert read(found.ask("GET", f"/{ARM}/{SCOPED}")) == by_scope
    for path in (
        "topics/orders/eventSubscriptions",
        "topics/orders/providers/Microsoft.EventGrid/eventSubscriptions",
    ):
        assert found.arm("GET", path)[1]["value"] == [by_scope]
    for path in ("/subscriptions/s1", "/subscriptions/s1/resourceGroups/g1"):
        for narrow in ("", "/locations/here", "/topicTypes/any", "/locations/here/topicTypes/any"):
            answer = found.ask(
                "GET", f"{path}/providers/Microsoft.EventGrid{narrow}/eventSubscriptions"
            )
            assert read(answer)["value"] == [by_scope]
    assert found.arm("DELETE", SCOPED)[0] == 204
    assert found.arm("GET", SUB)[0] == 404


def test_a_subscription_of_something_that_is_none_of_ours_is_refused() -> None:
    path = "/subscriptions/s1/resourceGroups/g1/providers/Microsoft.Storage/storageAccounts/a"
    answer = with_topic().ask(
        "PUT", f"{path}/providers/Microsoft.EventGrid/eventSubscriptions/sub",
        {"properties": {"destination": HOOK}},
    )  # fmt: skip
    assert answer.status == 400


@pytest.mark.parametrize(
    ("destination", "stream"),
    [
        (queue_of(), "work"),
        (queue_of("ServiceBusTopic", "topics/news"), "news"),
        (queue_of("EventHub", "eventhubs/hub"), "hub"),
        (
            {
                "endpointType": "StorageQueue",
                "properties": {"resourceId": "/x/storageAccounts/a", "queueName": "sq"},
            },
            "sq",
        ),
        (queue_of("NamespaceTopic", "topics/inner"), "n/inner"),
    ],
)
def test_events_are_carried_to_our_own_streams(destination: Any, stream: str) -> None:
    found = with_topic()
    found.submit_queue(stream)
    subscribe(found, destination, filter={"includedEventTypes": ["made"]})
    found.publish(cloud(1), cloud(2, type="lost"))
    found.world.advance(10)
    (delivery,) = found.submit(Lease(name=stream, count_max=10))
    assert [b'"id": "1"' in body for body in delivery.bodies] == [True]


def test_a_destination_can_be_changed_and_what_waits_goes_to_the_new_one() -> None:
    found = with_topic()
    subscribe(found, queue_of())
    subscribe(found, queue_of(place="queues/other"))
    (pump,) = found.submit(ListPumps())
    assert [target.name for target in pump.settings.targets] == ["other"]
    found.arm("DELETE", SUB)
    assert found.submit(ListPumps()) == []


def test_policy_filter_and_dead_letters_are_the_subscriptions_own_settings() -> None:
    found = with_topic()
    dead = {
        "endpointType": "StorageBlob",
        "properties": {"resourceId": "/x", "blobContainerName": "grave"},
    }
    policy = {"maxDeliveryAttempts": 3, "eventTimeToLiveInMinutes": 5}
    subscribe(
        found,
        HOOK,
        retryPolicy=policy,
        deadLetterDestination=dead,
        filter={"subjectBeginsWith": "eu"},
    )
    settings = info(found).settings
    assert (settings.attempts_max, settings.ttl_ms) == (3, 300_000)
    assert settings.dead_letter is not None
    assert settings.dead_letter.name == "grave"
    assert settings.filter == {"subjectBeginsWith": "eu"}


def test_a_patch_changes_what_it_says() -> None:
    found = with_topic()
    subscribe(found, queue_of(), filter={"subjectBeginsWith": "eu"}, labels=["a"])
    status, changed = found.arm("PATCH", SUB, {"filter": {"subjectBeginsWith": "us"}})
    assert (status, changed["properties"]["labels"]) == (201, ["a"])
    assert info(found).settings.filter == {"subjectBeginsWith": "us"}
    found.publish(cloud(1, subject="us/1"), cloud(2, subject="eu/1"))
    found.world.advance(10)
    (delivery,) = found.submit(Lease(name="work", count_max=10))
    assert len(delivery.bodies) == 1
    assert found.arm("PATCH", "topics/orders/eventSubscriptions/none", {"labels": []})[0] == 404


def test_what_was_published_before_is_not_for_a_new_subscription() -> None:
    found = Grid()
    found.arm("PUT", "topics/orders", {})
    found.publish(cloud(1))
    subscribe(found, queue_of())
    assert info(found).ready == 0


def test_deleting_a_topic_takes_its_subscriptions_along() -> None:
    found = with_topic()
    subscribe(found, queue_of())
    found.arm("DELETE", "topics/orders")
    with pytest.raises(SubscriptionNotFound):
        info(found)
    found.arm("PUT", "topics/orders", {})
    assert found.arm("GET", SUB)[0] == 404


def test_all_of_a_domain_can_be_subscribed_to_or_a_topic_of_it() -> None:
    found = Grid(streams=())
    found.arm("PUT", "domains/shop", {})
    found.arm("PUT", "domains/shop/topics/orders", {})
    made: Any = None
    for path in (
        "domains/shop/eventSubscriptions/all",
        "domains/shop/topics/orders/eventSubscriptions/one",
    ):
        status, made = subscribe(found, queue_of(), path)
        assert (status, made["id"]) == (201, f"{ARM}/{path}")
    assert made["type"] == "Microsoft.EventGrid/domains/topics/eventSubscriptions"


DOMAIN_TOPIC = "domains/shop/topics/orders"


def test_a_domains_topic_comes_with_its_first_subscription_and_goes_with_its_last() -> None:
    found = Grid(streams=())
    found.arm("PUT", "domains/shop", {})
    for name in ("one", "two"):
        status, _ = subscribe(found, queue_of(), f"{DOMAIN_TOPIC}/eventSubscriptions/{name}")
        assert status == 201
    assert found.arm("GET", DOMAIN_TOPIC)[0] == 200
    for name, left in (("one", 200), ("two", 404)):
        found.arm("DELETE", f"{DOMAIN_TOPIC}/eventSubscriptions/{name}")
        assert found.arm("GET", DOMAIN_TOPIC)[0] == left
    status, _ = subscribe(found, {}, f"{DOMAIN_TOPIC}/eventSubscriptions/bad")
    assert (status, found.arm("GET", DOMAIN_TOPIC)[0]) == (400, 404)


def test_a_domain_may_leave_its_topics_to_its_users() -> None:
    found = Grid(streams=())
    rules = {
        f"auto{rule}Subscription": False for rule in ("CreateTopicWithFirst", "DeleteTopicWithLast")
    }
    found.arm("PUT", "domains/shop", {"properties": rules})
    path = f"{DOMAIN_TOPIC}/eventSubscriptions/one"
    assert subscribe(found, queue_of(), path)[0] == 404
    found.arm("PUT", DOMAIN_TOPIC, {})
    assert subscribe(found, queue_of(), path)[0] == 201
    found.arm("DELETE", path)
    assert found.arm("GET", DOMAIN_TOPIC)[0] == 200


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"destination": {"endpointType": "Pigeon"}},
        {"destination": {"endpointType": "AzureFunction", "properties": {"resourceId": "/x"}}},
        {"destination": {"endpointType": "WebHook", "properties": {"endpointUrl": "ftp://x"}}},
        {"destination": HOOK, "filter": {"advancedFilters": [{"operatorType": "Like"}]}},
        {"destination": HOOK, "retryPolicy": {"maxDeliveryAttempts": 31}},
        {"destination": HOOK, "eventDeliverySchema": "EventGridSchema"},
        {"destination": HOOK, "deadLetterDestination": {"endpointType": "Hole"}},
    ],
)
def test_what_makes_no_sense_is_refused_and_leaves_nothing(properties: Any) -> None:
    found = with_topic()
    assert found.arm("PUT", SUB, {"properties": properties})[0] == 400
    assert found.arm("GET", "topics/orders/eventSubscriptions")[1]["value"] == []
    with pytest.raises(SubscriptionNotFound):
        info(found)
