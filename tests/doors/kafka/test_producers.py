"""Producer ids."""

from typing import Any

from tests.doors.kafka.client import Client, World


def init_producer(client: Client, **more: Any) -> dict[str, Any]:
    message = {"transactional_id": None, "transaction_timeout_ms": 1000, **more}
    return client.ask(22, 4, message)


def test_producer_ids_are_new_each_time_and_epochs_go_up() -> None:
    client = World().connect()
    one, two = init_producer(client), init_producer(client)
    assert one["producer_id"] != two["producer_id"]
    again = init_producer(client, producer_id=one["producer_id"], producer_epoch=0)
    assert (again["producer_id"], again["producer_epoch"]) == (one["producer_id"], 1)
    last = init_producer(client, producer_id=one["producer_id"], producer_epoch=32767)
    assert last["producer_id"] not in (one["producer_id"], two["producer_id"])


def test_transactional_ids_are_refused() -> None:
    assert init_producer(World().connect(), transactional_id="tx")["error_code"] == 53
