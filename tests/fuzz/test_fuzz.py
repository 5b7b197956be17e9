"""Hostile bytes to each door: answers or a close, nothing raised, no stall, no growth."""

import random
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.doors import DOORS, Dirty
from tests.fuzz.playground import Playground
from tests.fuzz.rig import GROWTH_BYTES_MAX, Grown, Memory, Rig, Stalled
from tests.fuzz.run import Found, described, run

from dragoman.doors.amqp091.methods import HANDLERS
from dragoman.doors.kafka.apis import TABLE, Served
from dragoman.wire.amqp091.methods import QueueDeclare

FAST_INPUTS = 2_000
SLOW_INPUTS = 100_000
SAME_ENGINE = {
    "eventhubs",
    "amqp10-random",
}  # as another's: what is hostile to frames that one meets
SEED = 1
METADATA = 3  # the API


@pytest.mark.parametrize("name", DOORS)
def test_a_door_survives_two_thousand_hostile_inputs(name: str) -> None:
    result = run(name, FAST_INPUTS, SEED)
    assert result.answered_bytes > FAST_INPUTS, described(result)
    assert result.closed > 0, described(result)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", DOORS)
def test_a_door_survives_a_hundred_thousand_hostile_inputs(name: str, capsys: Any) -> None:
    count = SLOW_INPUTS // 5 if name in SAME_ENGINE else SLOW_INPUTS
    result = run(name, count, SEED + 1)
    with capsys.disabled():
        print(f"\n{name}: {described(result)}")
    assert result.inputs == count


class Tripping:
    """A handler that misses a key the third time it is asked."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self.left = 3

    def __call__(self, *arguments: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            raise KeyError("planted")
        return self._handler(*arguments)


def test_a_handler_of_kafka_that_raises_is_found_with_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metadata = TABLE[METADATA]
    planted = Served(metadata.name, metadata.low, metadata.high, Tripping(metadata.serve))
    monkeypatch.setitem(TABLE, METADATA, planted)
    with pytest.raises(Found, match=r"kafka, seed 5, input \d+: KeyError\('planted'\)"):
        run("kafka", FAST_INPUTS, 5)


def test_a_handler_of_amqp_that_raises_is_found_with_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(HANDLERS, QueueDeclare, Tripping(HANDLERS[QueueDeclare]))
    with pytest.raises(Found, match=r"amqp, seed 5, input \d+: Dirty.*KeyError"):
        run("amqp", FAST_INPUTS, 5)


def test_a_handler_of_http_that_raises_is_found_with_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tripping = Tripping(Playground.publish)
    monkeypatch.setattr(Playground, "publish", lambda face, call: tripping(face, call))  # noqa: PLW0108
    with pytest.raises(Found, match=r"http, seed 5, input \d+: KeyError\('planted'\)"):
        run("http", FAST_INPUTS, 5)


def test_a_stall_is_found() -> None:
    def burn(*_: Any) -> None:
        sum(range(20_000_000))

    rig = Rig(DOORS["kafka"]().make_door())
    rig.scheduler.calls.append(burn)
    with pytest.raises(Stalled):
        rig.send(b"\0")


def test_growth_is_found() -> None:
    memory = Memory()
    block = random.Random(SEED).randbytes(GROWTH_BYTES_MAX + (8 << 20))
    with pytest.raises(Grown):
        memory.check()
    assert block


@pytest.mark.parametrize("name", DOORS)
def test_bytes_that_are_no_frames_are_found(name: str) -> None:
    with pytest.raises(Dirty):
        DOORS[name]().check(b"\0\0\0\x01 and more")


@pytest.mark.parametrize("name", DOORS)
def test_every_declared_length_is_checked_before_memory_is_taken(name: str) -> None:
    """Each captured frame with each four bytes of its first 64 turned into a huge number, fed byte by byte to the end."""
    door = DOORS[name]()
    make_door = door.make_door()
    memory = Memory()
    for frame in door.frames[:: max(len(door.frames) // 20, 1)]:
        for at in range(0, min(len(frame) - 4, 64), 2):
            rig = Rig(make_door)
            if door.greeting:
                rig.send(*door.greeting)
            door.check(rig.send(frame[:at] + b"\x7f\xff\xff\xff" + frame[at + 4 :]))
            rig.wait()
    memory.check()


def test_the_corpus_has_every_door() -> None:
    captured = {path.stem for path in (Path(__file__).parent / "corpus").iterdir()}
    assert captured == {make().name for make in DOORS.values()}
