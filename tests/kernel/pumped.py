"""Pumps in few words."""

from tests.runtime.node import TestNode

from dragoman.kernel.commands import (
    CreateStream,
    DescribeStream,
    Read,
)
from dragoman.kernel.pumps import CreatePump, ListPumps, PumpInfo
from dragoman.kernel.settings import Address, PumpSettings, StreamSettings
from dragoman.model.levels import SYNCED
from dragoman.runtime.session import BrokerSession


def stream(session: BrokerSession, name: str, retention_ms: int = -1) -> None:
    made = StreamSettings(retention_ms=retention_ms, level=SYNCED)
    session.submit(CreateStream(name=name, settings=made))


def pump(
    session: BrokerSession, source: str, *targets: str, leased: bool = False, **more: object
) -> PumpInfo:
    info = session.submit(
        CreatePump(
            name=f"{source}-pump",
            source=source,
            subscription=source if leased else "",
            settings=PumpSettings(
                targets=tuple(Address(name) for name in targets),
                **more,  # type: ignore[arg-type]
            ),
        )
    )
    assert isinstance(info, PumpInfo)
    return info


def only(session: BrokerSession) -> PumpInfo:
    (info,) = session.submit(ListPumps())
    assert isinstance(info, PumpInfo)
    return info


def bodies(session: BrokerSession, name: str) -> list[bytes]:
    found: list[bytes] = []
    offset = session.submit(DescribeStream(name=name)).partitions[0].start
    while True:
        extract = session.submit(Read(name=name, offset=offset))
        for block in extract.blocks:
            found += [] if block.control else block.bodies
            offset = block.end
        if offset >= extract.end:
            return found


def wait(node: TestNode, time_ms: int) -> None:
    node.settle()
    node.clock.now_ms += time_ms
    node.settle()


# --- rates, ends, the way back ---


def ended(session: BrokerSession) -> list[PumpInfo]:
    running = len(session.submit(ListPumps()))
    found: list[PumpInfo] = session.submit(ListPumps(with_ended=True))
    return found[running:]
