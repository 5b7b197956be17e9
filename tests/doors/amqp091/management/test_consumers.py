"""Consumers over HTTP: who is served, who waits, with what they asked for."""

from tests.doors.amqp091.management.client import Manager

from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.fieldtable import Field


def test_a_consumer_tells_what_it_asked_for_and_keeps_its_prefetch() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    client.ask(m.BasicQos(0, 3), m.BasicQosOk)
    arguments = {"x-priority": Field("I", 5)}
    client.ask(m.BasicConsume(queue="q", consumer_tag="t", arguments=arguments), m.BasicConsumeOk)
    client.ask(m.BasicQos(0, 9), m.BasicQosOk)
    (told,) = manager.get("consumers/%2F")
    assert (told["prefetch_count"], told["arguments"]) == (3, {"x-priority": 5})
    assert (told["active"], told["activity_status"]) == (True, "up")


def test_of_single_active_consumers_one_is_served_and_the_queue_tells_which() -> None:
    manager = Manager()
    manager.put("queues/%2F/q", {"arguments": {"x-single-active-consumer": True}})
    client = manager.amqp()
    for tag in ("first", "second"):
        client.ask(m.BasicConsume(queue="q", consumer_tag=tag), m.BasicConsumeOk)
    told = {one["consumer_tag"]: one for one in manager.get("consumers")}
    assert (told["first"]["active"], told["first"]["activity_status"]) == (True, "single_active")
    assert (told["second"]["active"], told["second"]["activity_status"]) == (False, "waiting")
    assert manager.get("queues/%2F/q")["single_active_consumer_tag"] == "first"
    client.ask(m.BasicCancel("first"), m.BasicCancelOk)
    assert manager.get("queues/%2F/q")["single_active_consumer_tag"] == "second"


def test_an_exclusive_consumer_is_named_by_its_queue() -> None:
    manager = Manager()
    client = manager.amqp()
    client.declare("q")
    client.ask(m.BasicConsume(queue="q", consumer_tag="mine", exclusive=True), m.BasicConsumeOk)
    assert manager.get("queues/%2F/q")["exclusive_consumer_tag"] == "mine"
    assert manager.get("queues/%2F/q")["single_active_consumer_tag"] is None
