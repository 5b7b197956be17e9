"""What becomes of entities, and of what belongs to them."""

from tests.doors.servicebus.atom.client import Admin

from dragoman.doors.servicebus.atom.entities import Entities
from dragoman.kernel.api import (
    DeclareQueue,
    DescribeQueue,
    ListPumps,
    ListQueues,
    ListStreams,
    QueueInfo,
)

__all__ = ["Entities"]
QUEUE, TOPIC, SUBSCRIPTION = "QueueDescription", "TopicDescription", "SubscriptionDescription"


def queues(admin: Admin) -> list[str]:
    return [info.name for info in admin.submit(ListQueues())]


def test_a_queue_comes_and_goes_with_its_dead_letters_and_its_pump() -> None:
    admin = Admin()
    assert admin.put("/end", QUEUE) == 201
    assert admin.put("/a/q", QUEUE, "<ForwardTo>sb://h/end</ForwardTo>") == 201
    assert queues(admin) == [
        "a/q",
        "a/q/$DeadLetterQueue",
        "a/q/$Transfer/$DeadLetterQueue",
        "end",
        "end/$DeadLetterQueue",
    ]
    assert [pump.source for pump in admin.submit(ListPumps())] == ["a/q"]
    assert admin.said("/a/q")["ForwardTo"] == "sb://here/end"
    assert admin.delete("/a/q") == 200
    assert queues(admin) == ["end", "end/$DeadLetterQueue"]
    assert admin.submit(ListPumps()) == []


def test_dead_letters_are_no_entity_of_their_own() -> None:
    admin = Admin()
    admin.put("/q", QUEUE)
    assert admin.get("/q/$DeadLetterQueue")[0] == 404
    assert admin.delete("/q/$deadletterqueue") == 404
    assert admin.put("/x/$DeadLetterQueue", QUEUE) == 400


def test_a_topic_goes_with_its_subscriptions() -> None:
    admin = Admin()
    assert admin.put("/t", TOPIC) == 201
    assert admin.put("/t/Subscriptions/s", SUBSCRIPTION) == 201
    assert admin.said("/t")["SubscriptionCount"] == "1"
    assert admin.put("/nowhere/Subscriptions/s", SUBSCRIPTION) == 404
    assert admin.delete("/t") == 200
    assert admin.submit(ListStreams()) == []


def test_messages_live_as_long_as_topic_and_subscription_both_say() -> None:
    admin = Admin()
    admin.put("/t", TOPIC, "<DefaultMessageTimeToLive>PT1H</DefaultMessageTimeToLive>")
    admin.put(
        "/t/Subscriptions/s",
        SUBSCRIPTION,
        "<DefaultMessageTimeToLive>P1D</DefaultMessageTimeToLive>",
    )

    def ttl_ms() -> int:
        info: QueueInfo = admin.submit(DescribeQueue(name="t", subscription="s"))
        return info.settings.ttl_ms

    assert ttl_ms() == 3_600_000
    hours = "<DefaultMessageTimeToLive>P2D</DefaultMessageTimeToLive>"
    assert admin.put("/t", TOPIC, hours, change=True) == 200
    assert ttl_ms() == 86_400_000
    assert admin.said("/t/Subscriptions/s")["DefaultMessageTimeToLive"] == "P1D"


def test_another_protocols_queue_is_described_as_it_is() -> None:
    admin = Admin()
    admin.submit(DeclareQueue(name="rabbit"))
    said = admin.said("/rabbit")
    assert (said["LockDuration"], said["MaxDeliveryCount"]) == ("PT30S", str((1 << 31) - 1))
    assert said["CreatedAt"] == "0001-01-01T00:00:00Z"
    assert admin.put("/rabbit", QUEUE) == 409
    assert admin.put("/rabbit", TOPIC) == 409


def test_what_cannot_be_is_refused_and_makes_nothing() -> None:
    admin = Admin()
    for inside in (
        "<LockDuration>PT6M</LockDuration>",
        "<MaxDeliveryCount>0</MaxDeliveryCount>",
        "<AutoDeleteOnIdle>PT1M</AutoDeleteOnIdle>",
        "<MaxMessageSizeInKilobytes>0</MaxMessageSizeInKilobytes>",
        "<ForwardTo>nowhere</ForwardTo>",
        "<ForwardTo>q</ForwardTo>",
        "<Status>Odd</Status>",
    ):
        assert admin.put("/q", QUEUE, inside) == 400, inside
        assert admin.get("/q")[0] == 404
    admin.put("/end", QUEUE)
    both = "<RequiresSession>true</RequiresSession><ForwardTo>end</ForwardTo>"
    assert admin.put("/q", QUEUE, both) == 400


def test_what_is_fixed_for_life_stays() -> None:
    admin = Admin()
    admin.put("/q", QUEUE)
    for inside in (
        "<RequiresSession>true</RequiresSession>",
        "<RequiresDuplicateDetection>true</RequiresDuplicateDetection>",
    ):
        assert admin.put("/q", QUEUE, inside, change=True) == 400
    assert admin.put("/none", QUEUE, change=True) == 404
