"""What channels, exchanges and queues count, as the management API tells it."""

from urllib.parse import quote

from tests.doors.amqp091.management.client import Manager

from dragoman.doors.amqp091.tallies import Flows
from dragoman.wire.amqp091 import methods as m


def counts(stats: dict[str, object]) -> dict[str, object]:
    """Those that are not 0, without rates."""
    return {name: told for name, told in stats.items() if told and not name.endswith("_details")}


def test_a_channel_counts_what_it_publishes_and_takes() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    assert "message_stats" not in manager.get("channels")[0]
    client.publish(b"one", b"two", key="q")
    client.publish(b"lost", key="nowhere")
    client.get("q", no_ack=False)
    client.get("q", no_ack=True)
    client.get("q", no_ack=True)
    client.send(1, m.BasicAck(1))
    (channel,) = manager.get("channels")
    assert counts(channel["message_stats"]) == {
        "publish": 3,
        "drop_unroutable": 1,
        "get": 1,
        "get_no_ack": 1,
        "get_empty": 1,
        "deliver_get": 2,
        "ack": 1,
    }
    told = counts(manager.get("queues/%2F/q")["message_stats"])
    assert told == {"publish": 2, "get": 1, "get_no_ack": 1, "deliver_get": 2, "ack": 1}


def test_a_consumer_counts_for_its_channel_and_for_the_queue() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    client.publish(b"one", b"two", key="q")
    client.consume("q")
    client.send(1, m.BasicReject(1, True))
    client.send(1, m.BasicAck(2))
    manager.world.run()
    (channel,) = manager.get("channels")
    wanted = {"deliver": 3, "redeliver": 1, "deliver_get": 3, "ack": 1}
    assert counts(channel["message_stats"]) == {"publish": 2} | wanted
    assert counts(manager.get("queues/%2F/q")["message_stats"]) == {"publish": 2} | wanted


def test_an_exchange_counts_what_came_and_where_it_went_and_has_a_rate() -> None:
    manager = Manager()
    client = manager.amqp()
    manager.put("exchanges/%2F/e", {"type": "fanout"})
    for name in ("q", "r"):
        client.declare(name)
        assert manager.ask("POST", f"bindings/%2F/e/e/q/{name}", {}) == 201
    assert "message_stats" not in manager.get("exchanges/%2F/e")
    manager.world.advance(10_000)
    client.publish(b"one", b"two", exchange="e", key="k")
    stats = manager.get("exchanges/%2F/e")["message_stats"]
    assert counts(stats) == {"publish_in": 2, "publish_out": 4}
    assert stats["publish_in_details"] == {"rate": 0.2}
    assert manager.ask("DELETE", "exchanges/%2F/e") == 204
    manager.put("exchanges/%2F/e", {"type": "fanout"})
    assert "message_stats" not in manager.get("exchanges/%2F/e")
    client.publish(b"three", exchange="e", key="k")
    assert counts(manager.get("exchanges/%2F/e")["message_stats"]) == {"publish_in": 1}


def test_a_connection_counts_bytes_both_ways() -> None:
    manager = Manager()
    client = manager.amqp()
    (before,) = manager.get("connections")
    client.declare("q")
    after = manager.get(f"connections/{quote(before['name'], safe='')}")
    for name in ("recv_oct", "send_oct", "recv_cnt", "send_cnt"):
        assert after[name] > before[name] > 0


def test_a_transaction_counts_what_it_settles_and_publishes() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    client.publish(b"one", key="q")
    client.ask(m.TxSelect(), m.TxSelectOk)
    client.get("q", no_ack=False)
    client.send(1, m.BasicAck(1))
    client.publish(b"two", key="q")
    (channel,) = manager.get("channels")
    assert (channel["messages_uncommitted"], channel["acks_uncommitted"]) == (1, 1)
    client.ask(m.TxCommit(), m.TxCommitOk)
    (channel,) = manager.get("channels")
    assert (channel["messages_uncommitted"], channel["message_stats"]["ack"]) == (0, 1)
    stats = manager.get("exchanges/%2F/amq.default")["message_stats"]
    assert counts(stats) == {"publish_in": 2, "publish_out": 2}


def test_so_many_exchanges_are_counted_and_no_more() -> None:
    flows = Flows(most=1)
    assert flows.of("n", "a") is flows.of("n", "a")
    assert flows.of("n", "b") is not flows.of("n", "b")
    assert flows.known("n", "b") is None
