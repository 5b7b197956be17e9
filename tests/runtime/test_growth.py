"""What is committed when, and that no offset that was seen is ever another message's: on a disk that loses its power."""

import random

import pytest
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, publish
from tests.sim.disk import SeededEntropy, SimDisk, SimState

from dragoman.kernel import reservation
from dragoman.kernel.block import Partition
from dragoman.kernel.commands import CreateStream, Read
from dragoman.kernel.reservation import BLOCK_MIN
from dragoman.kernel.settings import StreamSettings
from dragoman.model.levels import SYNCED, WRITTEN
from dragoman.runtime.session import BrokerSession
from dragoman.storage.journal import Journal
from dragoman.storage.segments import SegmentStore

STREAM = StreamSettings(retention_ms=-1, level=WRITTEN)


class Machine:
    """A node on a simulated disk, its user, and what that user has seen."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.disk, self.state = SimDisk(seed), SimState()
        self.seen: dict[int, bytes] = {}
        self.boots = 0
        self.start()
        self.session.submit(CreateStream(name="s", settings=STREAM))
        self.session.want(self.session.position(), SYNCED)
        self.node.settle()

    def start(self) -> None:
        log = Journal(self.disk, SeededEntropy.from_seed(self.seed), file_bytes=4096)
        boot = b"boot %d" % self.boots
        self.node = TestNode(log, SegmentStore(self.disk), self.state, boot)
        self.session: BrokerSession = self.node.connect()

    @property
    def partition(self) -> Partition:
        return self.node.kernel.state.stream("default", "s").partitions[0]

    def lose_power(self) -> None:
        self.disk, self.state = self.disk.crash(), self.state.crash()
        self.boots += 1
        self.start()

    def kill(self) -> None:
        self.disk, self.state = self.disk.kill(), self.state.crash()
        self.start()

    def stop(self) -> None:
        """In peace, as the process does."""
        self.node.settle()
        self.node.broker.give_back()
        self.node.checkpoint()
        self.kill()

    def publish(self, body: bytes) -> None:
        """Confirmed as soon as the reply says; its offset is seen then."""
        reply = publish(self.session, "s", body)
        self.session.want(reply.position, reply.level)
        self.node.turn()
        while self.session.reached(reply.level) < reply.position and self.node.journal.run_one():
            self.node.turn()
        if self.session.reached(reply.level) >= reply.position:
            self.see(reply.offset, body)

    def read(self) -> None:
        """Everything that cursors see."""
        found = self.session.submit(Read(name="s", offset=self.partition.start, bytes_max=1 << 20))
        for block in found.blocks:
            for at, body in enumerate(block.bodies, block.offset):
                if at < found.end:
                    self.see(at, body)

    def see(self, offset: int, body: bytes) -> None:
        assert self.seen.setdefault(offset, body) == body, f"offset {offset} is given again"


def test_what_is_only_written_is_seen_and_lost_and_its_offset_is_never_given_again() -> None:
    machine = Machine(1)
    for number in range(3):
        machine.publish(b"kept %d" % number)
    machine.node.settle()  # the reservation is synced
    assert machine.partition.safe == machine.partition.reserved == 1 + BLOCK_MIN
    lost = 0
    while not lost:  # which sectors survive is the disk's chance
        before = machine.partition.end
        machine.publish(b"lost?")
        assert before in machine.seen
        machine.lose_power()
        machine.read()
        lost += before not in {block.offset for block in machine.partition.blocks}
        machine.publish(b"after it")
    assert machine.partition.end > BLOCK_MIN


def test_after_a_clean_stop_offsets_go_on_without_a_gap() -> None:
    machine = Machine(2)
    for _ in range(3):
        for number in range(5):
            machine.publish(b"%d" % number)
        machine.stop()
    assert sorted(machine.seen) == list(range(15))
    machine.read()


def test_after_a_kill_they_go_on_without_a_gap_as_the_machine_has_lost_nothing() -> None:
    machine = Machine(3)
    for number in range(4):
        machine.publish(b"%d" % number)
        machine.node.settle()
        machine.kill()
    assert sorted(machine.seen) == [0, 1, 2, 3]
    machine.read()
    assert machine.partition.safe == 1 + BLOCK_MIN, "what was reserved is still"


@pytest.mark.parametrize("is_known", [True, False])
def test_after_a_power_cut_they_go_on_behind_what_was_reserved(is_known: bool) -> None:
    machine = Machine(3)
    machine.publish(b"0")
    machine.node.settle()
    machine.node.checkpoint()
    if is_known:
        machine.lose_power()
    else:
        machine.node.kernel.state.boot = b""
        machine.node.checkpoint()
        machine.kill()
    machine.publish(b"1")
    assert sorted(machine.seen) == [0, 1 + BLOCK_MIN]
    machine.read()
    assert machine.partition.committed == 2 + BLOCK_MIN


def test_a_first_publish_waits_for_its_sync_and_later_ones_do_not() -> None:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=STREAM))
    node.settle()
    first = publish(session, "s", b"1")
    assert first.level == SYNCED
    node.settle()
    assert publish(session, "s", b"2").level == WRITTEN


def test_what_is_below_the_safe_offsets_is_shown_though_what_is_above_must_wait() -> None:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=STREAM))
    publish(session, "s", b"1")
    node.settle()
    partition = node.kernel.state.stream("default", "s").partitions[0]
    partition.safe = 2
    publish(session, "s", b"2", b"3")
    node.turn()
    node.journal.run_one()
    assert partition.committed == 2
    node.settle()
    assert partition.committed == 3


def test_what_has_become_safe_meanwhile_is_shown_once_it_is_written() -> None:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=STREAM))
    publish(session, "s", b"1")
    node.settle()
    partition = node.kernel.state.stream("default", "s").partitions[0]
    partition.safe = 1
    publish(session, "s", b"2")
    node.turn()
    partition.safe = 2  # the reservation was synced behind the turn that noted the message
    node.commit.pump_all()
    node.journal.run_one()
    assert (partition.committed, node.commit.reached(SYNCED) < node.commit.written) == (2, True)


@pytest.mark.parametrize("seed", range(40))
def test_no_offset_is_ever_seen_as_two_messages(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservation, "BLOCK_MIN", 2)  # so that many are needed
    monkeypatch.setattr(reservation, "BLOCK_MAX", 6)
    machine = Machine(seed)
    chance = random.Random(seed)
    for number in range(60):
        match chance.choices(
            ["publish", "read", "settle", "turn", "power", "kill", "stop"],
            [40, 20, 6, 10, 3, 3, 2],
        )[0]:
            case "publish":
                machine.publish(b"%d of %d" % (number, seed))
            case "read":
                machine.read()
            case "settle":
                machine.node.settle()
            case "turn":
                machine.node.turn()
            case "power":
                machine.lose_power()
            case "kill":
                machine.kill()
            case _:
                machine.stop()
