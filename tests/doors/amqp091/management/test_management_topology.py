"""Queues, exchanges and virtual hosts over HTTP are those of AMQP."""

from tests.doors.amqp091.management.client import Manager

from dragoman.wire.amqp091 import methods as m


def test_a_queue_made_over_http_is_that_of_amqp() -> None:
    manager = Manager()
    words = {"durable": True, "arguments": {"x-max-length": 5}}
    assert manager.put("queues/%2F/q", words) == 201
    assert manager.put("queues/%2F/q", words) == 204
    client = manager.amqp()
    client.declare("q", durable=True, arguments={"x-max-length": 5})
    client.publish(b"one", b"two")
    item = manager.get("queues/%2F/q")
    assert (item["type"], item["durable"], item["arguments"]) == (
        "classic",
        True,
        {"x-max-length": 5},
    )
    assert (item["messages"], item["messages_ready"], item["messages_unacknowledged"]) == (2, 2, 0)
    client.get(no_ack=False)
    item = manager.get("queues/%2F/q?columns=messages_ready,messages_unacknowledged")
    assert item == {"messages_ready": 1, "messages_unacknowledged": 1}


def test_a_stream_is_a_queue_of_its_type() -> None:
    manager = Manager()
    words = {"durable": True, "arguments": {"x-queue-type": "stream", "x-max-age": "7D"}}
    assert manager.put("queues/%2F/s", words) == 201
    assert manager.put("queues/%2F/s", words) == 204
    client = manager.amqp()
    client.publish(b"one", b"two", key="s")
    (item,) = manager.get("queues/%2F")
    assert (item["name"], item["type"], item["messages"]) == ("s", "stream", 2)
    assert manager.get("queues/%2F/s")["arguments"] == words["arguments"]
    assert "not supported by stream" in manager.refused("DELETE", "queues/%2F/s/contents")
    assert manager.ask("DELETE", "queues/%2F/s") == 204
    assert manager.ask("DELETE", "queues/%2F/s") == 404


def test_a_queue_is_refused_in_the_words_of_amqp() -> None:
    manager = Manager()
    manager.put("queues/%2F/q", {"durable": True})
    text = "inequivalent arg 'durable' for queue 'q' in vhost '/': received 'false' but current is 'true'"
    assert manager.refused("PUT", "queues/%2F/q", {"durable": False}) == text
    assert "x-max-length" in manager.refused(
        "PUT", "queues/%2F/p", {"arguments": {"x-max-length": -1}}
    )


def test_a_queue_is_purged_and_deleted() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare()
    client.publish(b"one")
    assert "not empty" in manager.refused("DELETE", "queues/%2F/q?if-empty=true")
    assert manager.ask("DELETE", "queues/%2F/q/contents") == 204
    assert manager.ask("DELETE", "queues/%2F/q?if-empty=true") == 204
    assert manager.ask("DELETE", "queues/%2F/q") == 404
    assert manager.ask("DELETE", "queues/%2F/q/contents") == 404


def test_a_queue_shows_its_consumers() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare()
    client.consume(prefetch=7)
    (told,) = manager.get("queues/%2F/q")["consumer_details"]
    assert (told["consumer_tag"], told["ack_required"], told["prefetch_count"]) == ("c", True, 7)
    assert manager.get("queues/%2F/q")["consumers"] == 1


def test_exchanges_are_made_shown_and_deleted() -> None:
    manager = Manager()
    assert [one["name"] for one in manager.get("exchanges/%2F")][:2] == ["", "amq.direct"]
    words = {"type": "topic", "durable": True, "arguments": {"alternate-exchange": "x"}}
    assert manager.put("exchanges/%2F/e", words) == 201
    assert manager.put("exchanges/%2F/e", words) == 204
    item = manager.get("exchanges/%2F/e")
    assert (item["type"], item["arguments"]) == ("topic", {"alternate-exchange": "x"})
    assert "unknown exchange type" in manager.refused("PUT", "exchanges/%2F/f", {"type": "fancy"})
    assert manager.ask("DELETE", "exchanges/%2F/e") == 204
    assert manager.ask("DELETE", "exchanges/%2F/e") == 404


def test_a_virtual_host_is_a_world_of_its_own() -> None:
    manager = Manager()
    assert manager.put("vhosts/other", {"description": "d", "tags": "a, b"}) == 201
    assert manager.put("vhosts/other", {"description": "e", "tags": ["a"]}) == 204
    item = manager.get("vhosts/other")
    assert (item["description"], item["tags"]) == ("e", ["a"])
    client = manager.amqp(vhost="other")
    client.declare("q")
    assert [one["vhost"] for one in manager.get("queues")] == ["other"]
    assert manager.get("queues/%2F") == []
    assert [one["name"] for one in manager.get("vhosts")] == ["/", "other"]
    assert manager.ask("DELETE", "vhosts/other") == 204
    assert manager.get("queues") == []
    assert manager.put("vhosts/other", {"default_queue_type": "quorum"}) == 201
    manager.put("queues/other/q", {"durable": True})
    assert manager.get("queues/other/q")["type"] == "quorum"
    assert manager.get("vhosts/other")["default_queue_type"] == "quorum"
    assert "heap" in manager.refused("PUT", "vhosts/other", {"default_queue_type": "heap"})
    assert "stays" in manager.refused("DELETE", "vhosts/%2F")
    assert "namespace" in manager.refused("PUT", "vhosts/default")


def test_answers_of_direct_reply_to_are_no_queues_to_show() -> None:
    manager = Manager()
    client = manager.amqp()
    method = m.BasicConsume(queue="amq.rabbitmq.reply-to", consumer_tag="c", no_ack=True)
    client.ask(method, m.BasicConsumeOk)
    assert manager.get("queues") == []
