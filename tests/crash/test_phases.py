"""Kills in every phase of a transaction and of a rebalance, each at a named point of `killpoints.PHASES`.

Transactions: one producer writes transactions 0, 1, 2 ... each with a record and the group's offset, every third aborted,
until the broker kills itself; then another life begins, and another producer of the same transactional id. A client that
was answered knows; one that was not may find either, but never half. In the end records and offset must agree.

Rebalances: members join, are assigned, beat, commit and leave until the broker is gone. Offsets whose commit was
answered are there afterwards, members of before are strangers, and the group is joined anew.
"""

import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from tests.crash.broker import BrokerProcess
from tests.crash.kafka_load import settings
from tests.crash.kafka_wire import Message, Wire, Writer, committed_offset
from tools.suites import SUITES

from dragoman.runtime import killpoints

TIMES = int(os.environ.get("DRAGOMAN_KILLS_EACH", "2"))
TIMES_MIN, TIMES_LONG = 2, 20  # in every run of the tests, and in the long one
SECONDS_MAX = 180  # of all phases together, TIMES_MIN at each
TOPIC, GROUP = "phases", "phases"
ROUNDS_MAX = 200
METADATA = b"\0\1\0\0\0\1\0\6phases\0\0\0\0"


class Transactions:
    """Transactions over all lives, and what their client knows of each: committed, aborted, or either."""

    def __init__(self) -> None:
        self.number = 0
        self.fate: dict[int, bool | None] = {}

    def live(self, port: int, *, moves: bool) -> None:
        """Until the broker is gone."""
        wire = Wire(port)
        try:
            for _ in range(ROUNDS_MAX):
                writer = Writer(wire, "tx", moves=moves)  # each begins by becoming its producer
                for _ in range(2):
                    self._one(writer)
        except ConnectionError:
            return
        finally:
            wire.close()
        raise AssertionError("the point was not reached")

    def _one(self, writer: Writer) -> None:
        number, self.number = self.number, self.number + 1
        commit = number % 3 != 2
        self.fate[number] = False  # while its end was not asked for
        writer.write(TOPIC, str(number))
        writer.take_along(TOPIC, GROUP, number)
        self.fate[number] = None if commit else False
        writer.end(commit=commit)
        self.fate[number] = commit

    def judge(self, port: int) -> list[str]:
        """What is wrong."""
        wire = Wire(port)
        Writer(wire, "tx", moves=True)  # whatever is open ends
        offset = committed_offset(wire, TOPIC, GROUP)
        wire.close()
        seen = Counter(int(value) for value in isolated(port))
        wrong = [f"{number} is there {count} times" for number, count in seen.items() if count > 1]
        for number, fate in self.fate.items():
            if fate is not None and (number in seen) is not fate:
                wrong.append(f"{number} is {'missing' if fate else 'visible'}")
        if offset != max(seen, default=-1):
            wrong.append(f"the offset is {offset}, the last record {max(seen, default=-1)}")
        return wrong


def isolated(port: int) -> list[str]:
    """What a reader of committed records finds."""
    isolation = {"isolation.level": "read_committed", "enable.partition.eof": True}
    consumer = Consumer(settings(port, **{"group.id": "judge", **isolation}))
    consumer.assign([TopicPartition(TOPIC, 0, OFFSET_BEGINNING)])
    found: list[str] = []
    while True:
        message = consumer.poll(10)
        assert message is not None, "no end"
        error = message.error()
        if error is not None:
            assert error.code() == KafkaError._PARTITION_EOF, error
            break
        found.append((message.value() or b"").decode())
    consumer.close()
    return found


class Members:
    """A classic and an assigned group, joined and left over and over."""

    def __init__(self) -> None:
        self.offset = 0
        self.sure = 0  # the last offset whose commit was answered
        self.member: Message = {}

    def live(self, port: int) -> None:
        """Until the broker is gone."""
        wire = Wire(port)
        try:
            if self.member:
                assert self._beat(wire, self.member) == 25, "a stranger now"
            for _ in range(ROUNDS_MAX):
                self._classic(wire)
                self._assigned(wire)
        except ConnectionError:
            return
        finally:
            wire.close()
        raise AssertionError("the point was not reached")

    def _classic(self, wire: Wire) -> None:
        joining = {
            "group_id": GROUP,
            "session_timeout_ms": 10_000,
            "rebalance_timeout_ms": 5_000,
            "member_id": "",
            "group_instance_id": None,
            "protocol_type": "consumer",
            "protocols": [{"name": "range", "metadata": METADATA}],
        }
        member_id = wire.ask(11, 5, joining)["member_id"]
        joined = wire.ask(11, 5, {**joining, "member_id": member_id})
        assert joined["error_code"] == 0, joined
        self.member = {
            "group_id": GROUP,
            "generation_id": joined["generation_id"],
            "member_id": member_id,
            "group_instance_id": None,
        }
        given = [{"member_id": member_id, "assignment": b"mine"}]
        synced = wire.ask(14, 3, {**self.member, "assignments": given})
        assert (synced["error_code"], synced["assignment"]) == (0, b"mine")
        assert self._beat(wire, self.member) == 0
        self._commit(wire)
        left = wire.ask(13, 3, {"group_id": GROUP, "members": [self.member]})
        assert left["members"][0]["error_code"] == 0

    def _beat(self, wire: Wire, member: Message) -> int:
        code: int = wire.ask(12, 3, member)["error_code"]
        return code

    def _commit(self, wire: Wire) -> None:
        self.offset += 1
        part = {
            "partition_index": 0,
            "committed_offset": self.offset,
            "committed_leader_epoch": -1,
            "committed_metadata": "",
        }
        topics = [{"name": TOPIC, "partitions": [part]}]
        message = {**self.member, "topics": topics}
        message["generation_id_or_member_epoch"] = self.member["generation_id"]
        answer = wire.ask(8, 7, message)
        assert answer["topics"][0]["partitions"][0]["error_code"] == 0
        self.sure = self.offset

    def _assigned(self, wire: Wire) -> None:
        beat = {
            "group_id": "assigned",
            "member_id": "a-member-of-our-own-naming",
            "member_epoch": 0,
            "instance_id": None,
            "rack_id": None,
            "rebalance_timeout_ms": 5_000,
            "subscribed_topic_names": [TOPIC],
            "subscribed_topic_regex": None,
            "server_assignor": None,
            "topic_partitions": [],
        }
        joined = wire.ask(68, 1, beat)
        assert (joined["error_code"], len(joined["assignment"]["topic_partitions"])) == (0, 1)
        assert wire.ask(68, 1, {**beat, "member_epoch": -1})["error_code"] == 0

    def judge(self, port: int) -> list[str]:
        wire = Wire(port)
        sure, asked = self.sure, self.offset
        offset = committed_offset(wire, TOPIC, GROUP)
        self._classic(wire)
        self._assigned(wire)
        wire.close()
        return [] if sure <= offset <= asked else [f"{offset}, and {sure} was answered"]


def make_topic(port: int) -> None:
    wire = Wire(port)
    topic = {
        "name": TOPIC,
        "num_partitions": 1,
        "replication_factor": 1,
        "assignments": [],
        "configs": [],
    }
    assert wire.ask(19, 7, {"topics": [topic]})["topics"][0]["error_code"] == 0
    wire.close()


def phases(commands: tuple[str, ...], *when: str) -> list[str]:
    return [f"{each}.{command}" for command in commands for each in when]


OF_TRANSACTIONS = phases(killpoints.TRANSACTION, "decided", "written")
OF_REBALANCES = [*phases(killpoints.REBALANCE, "decided"), "written.CommitCursors"]
LIMIT_S = SECONDS_MAX // 2 * TIMES // TIMES_MIN  # of either


class Kills:
    """How often the broker killed itself at each point, and how long all of it took."""

    def __init__(self, points: list[str]) -> None:
        self.points = points
        self._hits = Counter[str]()
        self._began = time.monotonic()

    def expect(self, broker: BrokerProcess, point: str) -> None:
        assert broker.wait() == -signal.SIGKILL, broker.tail()
        self._hits[point] += 1

    def judge(self, said: str) -> None:
        spent_s = time.monotonic() - self._began
        counts = ", ".join(f"{point} {self._hits[point]}" for point in self.points)
        print(f"\nkilled at {counts}; {said}; {spent_s:.0f} of {LIMIT_S} s")
        assert min(self._hits[point] for point in self.points) >= TIMES


def test_each_phase_is_killed_as_often_as_was_promised_and_all_of_it_in_three_minutes() -> None:
    suites = {suite.name: suite for suite in SUITES}
    assert suites["crash"].kills >= TIMES_MIN
    assert suites["long-kills"].kills >= TIMES_LONG
    assert 2 * LIMIT_S * TIMES_MIN <= SECONDS_MAX * TIMES
    assert suites["crash"].budget_s >= SECONDS_MAX
    commands = {point.partition(".")[2] for point in (*OF_TRANSACTIONS, *OF_REBALANCES)}
    assert commands == set(killpoints.COMMANDS)
    assert {*OF_TRANSACTIONS, *OF_REBALANCES} <= set(killpoints.PHASES)


@pytest.mark.crash
@pytest.mark.timeout(LIMIT_S)
def test_kills_in_every_phase_of_a_transaction_leave_all_of_it_or_nothing(
    tmp_path: Path, capsys: Any
) -> None:
    work = Transactions()
    kills = Kills(OF_TRANSACTIONS)
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        make_topic(broker.port)
        broker.kill()
        for turn in range(TIMES):
            for at, point in enumerate(kills.points):
                broker.start(f"{point}:{1 + (turn + at) % 4}")
                work.live(broker.port, moves=(turn + at // 2) % 2 == 1)
                kills.expect(broker, point)
        broker.start()
        wrong = work.judge(broker.port)
        assert broker.stop() == 0, broker.tail()
    fates = Counter(work.fate.values())
    with capsys.disabled():
        kills.judge(f"committed {fates[True]}, not {fates[False]}, either {fates[None]}")
    assert wrong == []
    assert fates[True] > 0 and fates[False] > 0


@pytest.mark.crash
@pytest.mark.timeout(LIMIT_S)
def test_kills_in_every_phase_of_a_rebalance_lose_no_offset_and_no_group(
    tmp_path: Path, capsys: Any
) -> None:
    work = Members()
    kills = Kills(OF_REBALANCES)
    wrong: list[str] = []
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        make_topic(broker.port)
        broker.kill()
        for turn in range(TIMES):
            for at, point in enumerate(kills.points):
                broker.start(f"{point}:{1 + (turn + at) % 3}")
                work.live(broker.port)
                kills.expect(broker, point)
        broker.start()
        wrong += work.judge(broker.port)
        assert broker.stop() == 0, broker.tail()
    with capsys.disabled():
        kills.judge(f"{work.sure} offsets committed")
    assert wrong == []
