"""Twenty kills of a serving broker under load of both official clients, and the judgement of all of them together.

Four client processes live through all of it; the broker is killed by SIGKILL from outside or by itself at a named
point (`dragoman.runtime.killpoints`), and started again on its data. A cycle counts only if, when its broker died, at
least 100 publishes were unconfirmed and at least 100 messages leased, as the clients counted them. At the end the
queue is drained and the topic read from its beginning; `judge.py` says what is promised, and what cannot be judged.
"""

import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pika
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.crash import amqp_load, kafka_load
from tests.crash.broker import BrokerDied, BrokerProcess, Worker
from tests.crash.judge import Log, judge_amqp, judge_kafka, lines_of

from dragoman.runtime import killpoints

CYCLES = 20
ATTEMPTS_MAX = 28
UNDER_WAY_MIN = 100
SEED = 20_240
LOAD_S = (0.9, 1.6)
POINT_S_MAX = 20.0  # for a broker to come to the point where it kills itself
DRAIN_S_MAX = 60.0
# Point, and between which counts it is armed; "" is a kill from outside.
PLAN: tuple[tuple[str, int, int], ...] = (
    ("append", 100, 600),
    ("append", 100, 600),
    ("append", 100, 600),
    ("sync", 50, 300),
    ("sync", 50, 300),
    ("sync", 50, 300),
    ("segment", 1, 200),
    ("segment", 1, 200),
    ("checkpoint", 1, 1),
    ("checkpoint", 1, 1),
    ("recovery", 1, 20),
    ("recovery", 1, 20),
    *([("", 0, 0)] * 8),
)


class Cycles:
    """The broker's lives and deaths."""

    def __init__(self, broker: BrokerProcess, workers: dict[str, Worker]) -> None:
        self.broker = broker
        self.workers = workers
        self.random = random.Random(SEED)
        self.hits = Counter[str]()
        self.counted = 0
        self.under_way: list[tuple[int, int]] = []
        self.ready_s: list[float] = []

    def losses(self) -> tuple[list[int], list[int]]:
        """How much the publisher and the consumer had under way at each loss so far."""
        return self.workers["publish"].losses(), self.workers["consume"].losses()

    def run(self, point: str, low: int, high: int) -> None:
        """One life: start, load, death."""
        before = [len(losses) for losses in self.losses()]
        armed = f"{point}:{self.random.randint(low, high)}" if point else ""
        if point == "recovery":
            self._load_and_kill()
            self._recover_until_death(armed)
        elif point:
            self._load_until_death(armed)
        else:
            self._load_and_kill()
        self.hits[point or "kill -9"] += 1
        self._count(before)

    def _load_and_kill(self) -> None:
        self.ready_s.append(self.broker.start())
        time.sleep(self.random.uniform(*LOAD_S))
        assert self.broker.is_alive(), self.broker.tail()
        self.broker.kill()

    def _recover_until_death(self, kill_point: str) -> None:
        """Dead at that step of its recovery; at the first, where a slow machine left fewer to recover."""
        for armed in (kill_point, "recovery:1"):
            try:
                self.broker.start(armed)
            except BrokerDied:
                assert self.broker.wait() == -signal.SIGKILL, self.broker.tail()
                return
            self.broker.kill()
        raise AssertionError(f"{kill_point} was not reached")

    def _load_until_death(self, kill_point: str) -> None:
        self.ready_s.append(self.broker.start(kill_point))
        try:
            status = self.broker.wait(POINT_S_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{kill_point} was not reached") from None
        assert status == -signal.SIGKILL, self.broker.tail()

    def _count(self, before: list[int]) -> None:
        """A cycle counts if both clients had enough under way when the connection broke."""
        give_up = time.monotonic() + 5
        while time.monotonic() < give_up:
            after = self.losses()
            if all(len(losses) > count for losses, count in zip(after, before, strict=True)):
                under_way = (after[0][before[0]], after[1][before[1]])
                self.under_way.append(under_way)
                self.counted += min(under_way) >= UNDER_WAY_MIN
                return
            time.sleep(0.02)


def prepare(broker: BrokerProcess) -> None:
    """The topic; queues are made by their clients."""
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    made = admin.create_topics([NewTopic(kafka_load.TOPIC, kafka_load.PARTITIONS)])
    made[kafka_load.TOPIC].result(10)


def read_topic(port: int) -> Log:
    """Every record of the topic, from the beginning to the end."""
    settings = {"group.id": "judge", "enable.partition.eof": True, "check.crcs": True}
    consumer = Consumer(kafka_load.settings(port, **settings))
    places = [
        TopicPartition(kafka_load.TOPIC, index, OFFSET_BEGINNING)
        for index in range(kafka_load.PARTITIONS)
    ]
    consumer.assign(places)
    log: Log = {}
    ended: set[int] = set()
    give_up = time.monotonic() + DRAIN_S_MAX
    while len(ended) < len(places):
        assert time.monotonic() < give_up, f"the topic has no end: {len(log)} read"
        for message in consumer.consume(2000, 0.5):
            error = message.error()
            if error is not None:
                assert error.code() == KafkaError._PARTITION_EOF, error
                ended.add(int(message.partition() or 0))
                continue
            value = message.value()
            assert value is not None
            place = (int(message.partition() or 0), int(message.offset() or 0))
            assert place not in log, place
            log[place] = kafka_load.number_of(value)
    consumer.close()
    return log


def wait_until_drained(port: int) -> None:
    """Until nothing of the queue is ready any more."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
    channel = connection.channel()
    give_up = time.monotonic() + DRAIN_S_MAX
    while True:
        left = channel.queue_declare(amqp_load.QUEUE, passive=True).method.message_count
        if left == 0:
            break
        assert time.monotonic() < give_up, f"{left} left"
        time.sleep(0.1)
    connection.close()


def wait_until_read(worker: Worker, count: int) -> None:
    """Until the group's member has delivered as many as there are."""
    give_up = time.monotonic() + DRAIN_S_MAX
    seen = 0
    while time.monotonic() < give_up:
        seen = len({line[1:3] for line in lines_of(worker.history.read_text()) if line[0] == "d"})
        if seen >= count - 1000:  # what is in its file's buffer
            return
        time.sleep(0.5)
    raise AssertionError(f"the group has read {seen} of {count}")


@pytest.mark.crash
@pytest.mark.timeout(200)
def test_twenty_kills_lose_nothing_confirmed_repeat_nothing_settled_and_keep_order(
    tmp_path: Path, capsys: Any
) -> None:
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        prepare(broker)
        assert broker.stop() == 0, broker.tail()
        port = str(broker.port)
        workers = {
            "publish": Worker("amqp_load", tmp_path, "publish", "publish", port),
            "consume": Worker("amqp_load", tmp_path, "consume", "consume", port),
            "produce": Worker("kafka_load", tmp_path, "produce", "produce", port),
            "group": Worker("kafka_load", tmp_path, "group", "consume", port),
        }
        try:
            cycles = Cycles(broker, workers)
            plan = list(PLAN)
            cycles.random.shuffle(plan)
            attempts = 0
            while cycles.counted < CYCLES or plan:
                assert attempts < ATTEMPTS_MAX, cycles.under_way
                cycles.run(*(plan.pop() if plan else ("", 0, 0)))
                attempts += 1
            cycles.ready_s.append(broker.start())
            complaints = [workers["publish"].finish(), workers["produce"].finish()]
            wait_until_drained(broker.port)
            complaints.append(workers["consume"].finish())
            log = read_topic(broker.port)
            wait_until_read(workers["group"], len(log))
            complaints.append(workers["group"].finish())
        finally:
            for worker in workers.values():
                worker.kill()
        assert broker.stop() == 0, broker.tail()
    history = {name: lines_of(worker.history.read_text()) for name, worker in workers.items()}
    with capsys.disabled():
        print()
        print(f"{cycles.counted} of {attempts} cycles count; ended by {dict(cycles.hits)}")
        print(f"under way (unconfirmed, leased): {cycles.under_way}")
        print(
            f"ready after {max(cycles.ready_s):.2f} s at most, {sum(cycles.ready_s) / len(cycles.ready_s):.2f} s on average"
        )
        for name, lines in history.items():
            print(name, {word: sum(line[0] == word for line in lines) for word in "sncdafx"})
    assert complaints == ["", "", "", ""]
    assert set(cycles.hits) == {"kill -9", *killpoints.NAMES}
    wrong = judge_amqp(history["publish"], history["consume"])
    wrong += judge_kafka(history["produce"], history["group"], log)
    assert wrong[:20] == []
    assert sum(line[0] == "f" for line in history["consume"]) > CYCLES
    assert sum(line[0] == "c" for line in history["group"]) > CYCLES
