"""Producer ids."""

from typing import Any

import pytest
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


def test_a_transactional_id_keeps_its_producer_one_epoch_further() -> None:
    client = World().connect()
    one = init_producer(client, transactional_id="tx")
    two = init_producer(client, transactional_id="tx")
    assert (two["producer_id"], two["producer_epoch"]) == (one["producer_id"], 1)
    fenced = init_producer(
        client, transactional_id="tx", producer_id=one["producer_id"], producer_epoch=0
    )
    assert fenced["error_code"] == 90


@pytest.mark.parametrize(("name", "timeout_ms", "code"), [("tx", 0, 50), ("", 1000, 42)])
def test_a_transactional_id_that_makes_no_sense_is_refused(
    name: str, timeout_ms: int, code: int
) -> None:
    answer = init_producer(
        World().connect(), transactional_id=name, transaction_timeout_ms=timeout_ms
    )
    assert answer["error_code"] == code


@pytest.mark.parametrize("wish", ["enable_2pc", "keep_prepared_txn"])
def test_a_transaction_that_somebody_else_decides_is_refused(wish: str) -> None:
    message = {"transactional_id": "tx", "transaction_timeout_ms": 1000, wish: True}
    answer = (
        World().connect().ask(22, 6, {"enable_2pc": False, "keep_prepared_txn": False} | message)
    )
    assert answer["error_code"] == 53
