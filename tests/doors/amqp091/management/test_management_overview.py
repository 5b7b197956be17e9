"""The broker as a whole, who is connected, whether it is well."""

from urllib.parse import quote

from tests.doors.amqp091.management.client import Manager
from tests.doors.amqp091.management.test_definitions import OF_TEST12

from dragoman.wire.amqp091 import methods as m


def test_the_overview_counts() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare()
    client.publish(b"x")
    client.consume("q", no_ack=False)
    client.messages()
    told = manager.get("overview")
    assert told["object_totals"] == {
        "channels": 1,
        "connections": 1,
        "consumers": 1,
        "exchanges": 7,
        "queues": 1,
    }
    totals = {"messages": 1, "messages_ready": 0, "messages_unacknowledged": 1}
    assert told["queue_totals"].items() >= totals.items()
    assert told["cluster_name"] == manager.get("cluster-name")["name"]


def test_connections_and_channels_are_told_until_they_are_gone() -> None:
    manager = Manager()
    client = manager.amqp(user="ann")
    client.ask(m.ConfirmSelect(), m.ConfirmSelectOk)
    (told,) = known = manager.get("connections")
    assert (told["user"], told["vhost"], told["channels"], told["frame_max"]) == (
        "ann",
        "/",
        1,
        131_072,
    )
    path = f"connections/{quote(told['name'], safe='')}"
    assert manager.get(path) == told
    (channel,) = manager.get(f"{path}/channels")
    assert (channel["number"], channel["confirm"], channel["transactional"]) == (1, True, False)
    assert manager.get("channels") == [channel]
    told = manager.get(f"channels/{quote(channel['name'], safe='')}")
    assert told == channel | {"consumer_details": []}
    assert manager.get("vhosts/%2F/connections") == known
    client.close()
    assert manager.get("connections") == manager.get("channels") == manager.get("consumers") == []
    assert manager.ask("GET", path) == 404


def test_consumers_are_told_with_their_queue() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare()
    client.consume(exclusive=True)
    (told,) = manager.get("consumers/%2F")
    assert told["queue"] == {"name": "q", "vhost": "/"}
    assert told["exclusive"]


def test_checks_fail_with_what_is_missing() -> None:
    manager = Manager()
    for path in ("health/checks/alarms", "health/checks/virtual-hosts", "aliveness-test/%2F"):
        assert manager.get(path) == {"status": "ok"}
    assert manager.get("health/checks/port-listener/8080")["status"] == "ok"
    assert manager.ask("GET", "health/checks/port-listener/1") == 503
    assert (manager.last["missing"], manager.last["ports"]) == (1, [8080])
    assert manager.refused("GET", "health/checks/port-listener/x")
    assert manager.get("health/checks/protocol-listener/amqp091")["status"] == "ok"
    assert manager.ask("GET", "health/checks/protocol-listener/mqtt") == 503
    manager.missing.append("room on the disk")
    assert manager.ask("GET", "health/checks/alarms") == 503
    assert manager.last == {"status": "failed", "reason": "room on the disk"}


def test_the_one_node_is_listed() -> None:
    manager = Manager()
    (node,) = manager.get("nodes")
    assert node["running"]
    assert manager.get(f"nodes/{node['name']}") == node
    assert manager.ask("GET", "nodes/other") == 404
    assert manager.get("extensions") == []
    assert manager.get("auth") == {"oauth_enabled": False}


def test_a_connection_is_closed_with_the_reason_that_is_given() -> None:
    manager = Manager()
    client = manager.amqp()
    path = f"connections/{quote(manager.get('connections')[0]['name'], safe='')}"
    manager.headers["x-reason"] = "go away"
    assert manager.ask("DELETE", path) == 204
    assert client.ended() == (320, "CONNECTION_FORCED - go away")
    client.send(0, m.ConnectionCloseOk())
    client.close()
    assert manager.ask("DELETE", path) == 404


def test_a_users_connections_are_told_and_closed_together() -> None:
    manager = Manager()
    ann, other, bob = (manager.amqp(user=user) for user in ("ann", "ann", "bob"))
    assert len(manager.get("connections/username/ann")) == 2
    assert manager.ask("DELETE", "connections/username/ann") == 204
    for client in (ann, other):
        assert client.ended() == (320, "CONNECTION_FORCED - Closed via management plugin")
    bob.nothing()


def test_others_connections_are_an_administrators_to_see_and_to_close() -> None:
    manager = Manager()
    root = manager.amqp(user="root")
    path = f"connections/{quote(manager.get('connections')[0]['name'], safe='')}"
    for tags, see, close in (
        ("management", 401, 401),
        ("monitoring", 200, 401),
        ("administrator", 200, 204),
    ):
        manager.headers.clear()
        manager.put("users/ann", {"password_hash": OF_TEST12, "tags": tags})
        manager.put("permissions/%2F/ann", {"configure": "", "write": "", "read": ""})
        manager.log_in("ann", "test12")
        assert len(manager.get("connections")) == (see == 200)
        assert manager.ask("GET", path) == see
        assert manager.ask("DELETE", path) == close
    assert root.ended()[0] == 320


def test_rates_are_of_two_looks() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare()
    manager.get("queues/%2F/q")
    manager.get("overview")
    manager.world.advance(10_000)
    client.publish(b"one", b"two")
    traffic = manager.meters.of("amqp")
    traffic.published, traffic.settled["ack"] = 20, 10
    (queue,) = manager.get("queues")
    assert (queue["messages_details"]["rate"], queue["message_stats"]["publish"]) == (0.2, 2)
    assert queue["message_stats"]["publish_details"]["rate"] == 0.2
    assert manager.get("queues/%2F/q")["message_stats"] == queue["message_stats"]
    told = manager.get("overview")
    assert told["queue_totals"]["messages_ready_details"]["rate"] == 0.2
    assert told["message_stats"]["publish_details"]["rate"] == 2.0
    assert told["message_stats"]["ack_details"]["rate"] == 1.0
