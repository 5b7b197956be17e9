"""Server processes side by side: what each spends on a load, in rounds that alternate between them."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from dragoman.app.serve import calm_collector

ROUNDS = 5
ROUND_S = 2.0

Serve = Callable[[Callable[[int], None]], Awaitable[None]]
"""A server that tells its port, and runs until it is ended."""
Sides = Mapping[str, tuple[int, int]]
"""Of each server its port and its process's id."""


def _process(serve: Any, pipe: Any) -> None:
    calm_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(pipe.send))


@contextmanager
def served(servers: Mapping[str, Serve]) -> Iterator[Sides]:
    """Each in a process of its own."""
    context = multiprocessing.get_context("spawn")
    sides: dict[str, tuple[int, int]] = {}
    processes = []
    for name, serve in servers.items():
        ours, theirs = context.Pipe()
        process = context.Process(target=_process, args=(serve, theirs), daemon=True)
        process.start()
        processes.append(process)
        assert process.pid is not None
        sides[name] = (ours.recv(), process.pid)
    yield sides
    for process in processes:
        process.terminate()


def cpu_s(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _round(
    make_client: Callable[[list[int]], asyncio.Protocol], connections: int, port: int, pid: int
) -> tuple[float, float]:
    loop = asyncio.get_running_loop()
    counter = [0]
    made = [
        await loop.create_connection(lambda: make_client(counter), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(0.2)
    before, count, began = cpu_s(pid), counter[0], time.perf_counter()
    await asyncio.sleep(ROUND_S)
    spent, done, took = cpu_s(pid) - before, counter[0] - count, time.perf_counter() - began
    for transport, _ in made:
        transport.close()
    await asyncio.sleep(0.1)
    return spent / done * 1e6, done / took


def compare(
    sides: Sides, what: str, make_client: Callable[[list[int]], asyncio.Protocol], connections: int
) -> None:
    """Print of each the median CPU in us for one of what clients count, and how many came in a second."""
    results: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, (port, pid) in sides.items():
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                results[name].append(runner.run(_round(make_client, connections, port, pid)))
    for name, found in results.items():
        costs, rates = zip(*sorted(found), strict=True)
        middle = ROUNDS // 2
        print(
            f"over sockets  {what:8} {name:14} {costs[middle]:7.2f}"
            f"  ({costs[0]:.2f} .. {costs[-1]:.2f})  {sorted(rates)[middle]:9.0f} a second",
            flush=True,
        )
