"""Transactions in few words."""

from tests.runtime.node import TestNode

from dragoman.kernel.commands import (
    CreateStream,
    Producer,
    Publish,
    Read,
)
from dragoman.kernel.settings import Address, StreamSettings
from dragoman.kernel.transactions.commands import (
    AddToTransaction,
    EndTransaction,
    InitProducer,
    ProducerIdentity,
)
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.runtime.session import BrokerSession

COMMIT, ABORT = b"<commit>", b"<abort>"


class Writer:
    """A transactional producer on its session."""

    def __init__(self, session: BrokerSession, name: str = "tx", timeout_ms: int = 60_000) -> None:
        self.session = session
        self.name = name
        self.me: ProducerIdentity = session.submit(
            InitProducer(transactional_id=name, timeout_ms=timeout_ms)
        )
        self.sequences: dict[str, int] = {}

    def of(self) -> dict[str, object]:
        return {
            "transactional_id": self.name,
            "producer_id": self.me.id,
            "epoch": self.me.epoch,
        }

    def begin(self, *names: str) -> None:
        partitions = tuple((name, 0) for name in names)
        self.session.submit(
            AddToTransaction(
                **self.of(),  # type: ignore[arg-type]
                partitions=partitions,
                format=CANONICAL,
                abort_marker=ABORT,
            )
        )

    def write(self, name: str, *bodies: bytes) -> int:
        command = Publish("default", Address(name), CANONICAL, list(bodies))
        command.partition = 0
        sequence = self.sequences.get(name, 0)
        command.producer = Producer(
            self.me.id, self.me.epoch, sequence, len(bodies), transactional=True
        )
        offset = self.session.publish(command).offset
        self.sequences[name] = sequence + len(bodies)
        return offset

    def end(self, *, commit: bool = True, moves: bool = False) -> ProducerIdentity:
        marker = COMMIT if commit else ABORT
        after: ProducerIdentity = self.session.submit(
            EndTransaction(**self.of(), commit=commit, marker=marker, moves=moves)  # type: ignore[arg-type]
        )
        return after

    def become(self, identity: ProducerIdentity) -> None:
        self.me, self.sequences = identity, {}


def seen(session: BrokerSession, name: str, offset: int = 0) -> list[bytes]:
    """What an isolated reader sees, as a Kafka client does it: aborted runs left out by the index."""
    extract = session.submit(Read(name=name, offset=offset, isolated=True))
    aborted = sorted(extract.aborted, key=lambda row: row[1])
    dropped: set[int] = set()
    found: list[bytes] = []
    for block in extract.blocks:
        while aborted and aborted[0][1] <= block.offset:
            dropped.add(aborted.pop(0)[0])
        producer = block.producer.id if block.producer is not None else -1
        if block.control:
            dropped.discard(producer)
        elif producer not in dropped:
            found += block.bodies
    return found


def topic(session: BrokerSession, name: str) -> None:
    session.submit(CreateStream(name=name, settings=StreamSettings(retention_ms=-1, level=SYNCED)))


def got(node: TestNode, session: BrokerSession) -> list[bytes]:
    node.settle()
    return [body for each in node.deliveries(session) for body in each.bodies]
