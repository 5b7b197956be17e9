"""Kills while messages change their place: by tx, by rejection, by expiry. Afterwards each is in just one place.

    from --tx: publish and ack--> to          work --reject--> refused          short --expiry--> late

One client puts numbers 0, 1, 2 ... into `from`, `work` and `short`, each confirmed, and moves them on until the broker
is gone. What was confirmed is somewhere and nowhere twice; what was committed has moved.
"""

import os
import random
import threading
import time
from pathlib import Path
from typing import Any

import pika
import pytest
from pika.exceptions import AMQPError
from tests.crash.broker import BrokerProcess

KILLS = int(os.environ.get("DRAGOMAN_KILLS_EACH", "2"))
LOAD_S = (0.3, 0.8)
ENDS = {"from": "to", "work": "refused", "short": "late"}
LIFE_MS = 15
EMPTY_S_MAX = 20.0
PERSISTENT = pika.BasicProperties(delivery_mode=2)


class Mover:
    """The client, over all lives of the broker."""

    def __init__(self, port: int) -> None:
        self.parameters = pika.ConnectionParameters("127.0.0.1", port, heartbeat=0)
        self.number = 0
        self.confirmed: dict[str, set[int]] = {name: set() for name in ENDS}
        self.committed: set[int] = set()

    def live(self) -> None:
        """Until the broker is gone."""
        try:
            connection = pika.BlockingConnection(self.parameters)
            confirming, moving, rejecting = (connection.channel() for _ in range(3))
            confirming.confirm_delivery()
            moving.tx_select()
            declare(confirming)
            while True:
                self._put(confirming)
                self._move(moving)
                self._reject(rejecting)
        except (AMQPError, OSError):
            return

    def _put(self, channel: Any) -> None:
        number, self.number = self.number, self.number + 1
        for name in ENDS:
            channel.basic_publish("", name, b"%d" % number, PERSISTENT)
            self.confirmed[name].add(number)

    def _move(self, channel: Any) -> None:
        method, _, body = channel.basic_get("from")
        if method is not None:
            channel.basic_publish("", "to", body, PERSISTENT)
            channel.basic_ack(method.delivery_tag)
            if int(body) % 5:
                channel.tx_commit()
                self.committed.add(int(body))
            else:
                channel.tx_rollback()  # it stays held, and is in `from` again with the next life

    def _reject(self, channel: Any) -> None:
        method, _, _ = channel.basic_get("work")
        if method is not None:
            channel.basic_reject(method.delivery_tag, requeue=False)


def declare(channel: Any) -> None:
    for name, end in ENDS.items():
        arguments: dict[str, Any] = {
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": end,
        }
        if name == "short":
            arguments["x-message-ttl"] = LIFE_MS
        channel.queue_declare(end, durable=True)
        channel.queue_declare(name, durable=True, arguments=None if name == "from" else arguments)


def numbers_in(channel: Any, queue: str) -> list[int]:
    found: list[int] = []
    while True:
        method, _, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return found
        found.append(int(body))


def wrongs(mover: Mover, channel: Any) -> list[str]:
    """What is not as it was promised."""
    give_up = time.monotonic() + EMPTY_S_MAX
    while channel.queue_declare("short", passive=True).method.message_count:
        assert time.monotonic() < give_up, "what has expired is still there"
    wrong: list[str] = []
    for name, end in ENDS.items():
        here, there = numbers_in(channel, name), numbers_in(channel, end)
        found = here + there
        wrong += [f"{name}: {one} is twice" for one in found if found.count(one) > 1]
        wrong += [f"{name}: {one} is lost" for one in mover.confirmed[name] - set(found)]
        wrong += [f"{name}: {one} was never sent" for one in set(found) - set(range(mover.number))]
        if name == "from":
            wrong += [f"{one} has not moved" for one in mover.committed - set(there)]
        wrong += [f"{name}: out of order"] if here != sorted(here) else []
    return wrong


@pytest.mark.crash
def test_what_was_under_way_between_two_queues_when_the_broker_was_killed_is_in_one_of_them(
    tmp_path: Path,
) -> None:
    broker = BrokerProcess(tmp_path / "data")
    mover = Mover(broker.port)
    chance = random.Random(KILLS)
    try:
        for _ in range(KILLS):
            before = mover.number
            broker.start()
            client = threading.Thread(target=mover.live)
            client.start()
            while mover.number < before + 20:  # on a machine of any speed
                assert client.is_alive(), broker.tail()
                time.sleep(0.01)
            time.sleep(chance.uniform(*LOAD_S))
            broker.kill()
            client.join()
        broker.start()
        with pika.BlockingConnection(mover.parameters) as connection:
            assert mover.committed
            assert wrongs(mover, connection.channel()) == []
    finally:
        broker.kill()
