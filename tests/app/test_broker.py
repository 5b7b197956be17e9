import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dragoman.app.broker import BrokerParts, _below, _until, assemble
from dragoman.app.config import ServeOptions
from dragoman.app.errors import StartError
from dragoman.app.loop import SystemEntropy
from dragoman.kernel.commands import DeclareQueue, DescribeQueue, Publish
from dragoman.kernel.settings import Address
from dragoman.model.levels import CANONICAL


def options_on(path: Path) -> ServeOptions:
    return ServeOptions(data=str(path / "data"))


def lived(options: ServeOptions, step: Any = None, *, drain_s: float = 5.0) -> BrokerParts:
    """One life of a broker that nobody can connect to."""

    async def run() -> BrokerParts:
        parts = assemble(options, asyncio.get_running_loop())
        try:
            if step is not None:
                step(parts)
        finally:
            await parts.close(drain_s)
        return parts

    return asyncio.run(run())


def test_a_store_keeps_its_name_and_counts_its_lives(tmp_path: Path) -> None:
    first, second = (lived(options_on(tmp_path)).broker for _ in range(2))
    assert first.node.cluster_id == second.node.cluster_id
    assert second.kernel.state.incarnation == first.kernel.state.incarnation + 1
    assert lived(options_on(tmp_path / "other")).broker.node.cluster_id != first.node.cluster_id


def test_a_store_keeps_its_name_though_no_checkpoint_was_ever_taken(tmp_path: Path) -> None:
    options = options_on(tmp_path)

    async def cut_off() -> str:
        parts = assemble(options, asyncio.get_running_loop())
        await _until(parts._is_written, asyncio.get_running_loop().time() + 5)
        assert parts.checkpointer is not None
        parts.checkpointer.close()
        parts.broker.commit.close()
        for part in parts.engine:
            part.close()
        return parts.broker.node.cluster_id

    names = {asyncio.run(cut_off()) for _ in range(2)}
    assert names == {lived(options).broker.node.cluster_id}


def test_what_was_decided_last_is_written_before_the_store_is_closed(tmp_path: Path) -> None:
    def declare(parts: BrokerParts) -> None:
        parts.broker.kernel.submit(DeclareQueue(name="q"), 0)
        parts.broker.kernel.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))

    def look(parts: BrokerParts) -> None:
        assert parts.broker.kernel.submit(DescribeQueue(name="q"), 0).ready == 1

    lived(options_on(tmp_path), declare)
    lived(options_on(tmp_path), look)


def test_in_memory_nothing_is_written_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lived(
        ServeOptions(memory=True),
        lambda parts: parts.broker.kernel.submit(DeclareQueue(name="q"), 0),
    )
    assert list(tmp_path.iterdir()) == []


def test_data_that_cannot_be_used_is_told_by_its_path(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("not a directory")
    with pytest.raises(StartError, match=str(in_the_way)):
        lived(options_on(tmp_path))


def test_a_directory_in_use_is_refused_and_the_one_who_uses_it_is_unharmed(tmp_path: Path) -> None:
    options = options_on(tmp_path)

    async def run() -> None:
        loop = asyncio.get_running_loop()
        parts = assemble(options, loop)
        with pytest.raises(StartError, match="in use"):
            assemble(options, loop)
        parts.broker.kernel.submit(DeclareQueue(name="q"), 0)
        await parts.close(5)

    asyncio.run(run())
    lived(options, lambda parts: parts.broker.kernel.submit(DescribeQueue(name="q"), 0))


def test_chance_is_below_its_limit_and_even() -> None:
    below = _below(SystemEntropy())
    counts = Counter(below(4) for _ in range(4_000))
    assert set(counts) == {0, 1, 2, 3}
    assert min(counts.values()) > 800
