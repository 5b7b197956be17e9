"""The fuzzer: inputs from a seed, each fed to a door as one to three frames; what may happen is an answer or a close.

Anything that the door raises ends the run with the seed and the number of the input, which is all it takes to see it
again: `run("kafka", 100_000, seed=7)`.
"""

import gc
import random
from typing import Any

from tests.fuzz.doors import DOORS
from tests.fuzz.mutate import split
from tests.fuzz.rig import Memory, Rig

RIG_INPUTS_MAX = 1_000  # then a new broker: what was created legitimately is let go
CONNECTION_INPUTS_MAX = 40
HONEST = 0.25  # frames that are sent as they were captured, so that hostile ones meet a state
WAIT = 0.02  # how often time passes after an input


class Found(AssertionError):
    """An input that did what none may do."""


class Result:
    """What a run came to."""

    def __init__(self) -> None:
        self.inputs = 0
        self.closed = 0  # connections that the door ended
        self.answered_bytes = 0
        self.slowest_s = 0.0
        self.growth_bytes = 0


class Fuzzer:
    """One run."""

    def __init__(self, name: str, seed: int) -> None:
        self.name = name
        self.seed = seed
        self.door = DOORS[name]()
        self.chance = random.Random(seed)
        self.result = Result()
        self.rig: Rig

    def run(self, count: int) -> Result:
        """Feed `count` inputs. Raises Found."""
        make_door = self.door.make_door()
        memory = Memory()
        for number in range(count):
            if number % RIG_INPUTS_MAX == 0:
                self.rig = Rig(make_door)
                memory = Memory()
                self._greet()
            data = self._input()
            try:
                self._feed(data)
                if number % RIG_INPUTS_MAX == RIG_INPUTS_MAX - 1 or number == count - 1:
                    self.result.growth_bytes = max(self.result.growth_bytes, memory.check())
            except BaseException as error:
                raise Found(
                    f"{self.name}, seed {self.seed}, input {number}: {error!r}; {data.hex()}"
                ) from error
            self.result.inputs += 1
            self.result.slowest_s = max(self.result.slowest_s, self.rig.slowest_s)
        return self.result

    def _input(self) -> bytes:
        chance, door = self.chance, self.door
        return b"".join(
            self._honest() if chance.random() < HONEST else door.hostile(chance)
            for _ in range(chance.randint(1, 3))
        )

    def _honest(self) -> bytes:
        """As it was captured, unless the door has to number it."""
        honest: Any = getattr(self.door, "honest", self.chance.choice)
        found: bytes = honest(self.chance if hasattr(self.door, "honest") else self.door.frames)
        return found

    def _feed(self, data: bytes) -> None:
        self._answered(self.rig.send(*split(self.chance, data)))
        if self.chance.random() < WAIT:
            self._answered(self.rig.wait())
        is_over = self.chance.randrange(CONNECTION_INPUTS_MAX) == 0
        is_ended = self.rig.wire.is_closed or getattr(self.door, "is_over", False)
        self.result.closed += is_ended
        if is_ended or is_over:
            self.rig.reconnect()
            self._greet()

    def _answered(self, out: bytes) -> None:
        self.result.answered_bytes += len(out)
        self.door.check(out)

    def _greet(self) -> None:
        if hasattr(self.door, "is_over"):
            self.door.is_over = False
        if self.door.greeting:
            self.rig.send(*self.door.greeting)


def run(name: str, count: int, seed: int) -> Result:
    """Feed `count` inputs to the door `name`. Raises Found."""
    gc.collect()
    gc.freeze()  # what other tests left in this process is not the door's to go through
    return Fuzzer(name, seed).run(count)


def described(result: Any) -> str:
    """One line."""
    return (
        f"{result.inputs} inputs, {result.closed} connections ended by the door, "
        f"{result.answered_bytes} bytes answered, slowest {result.slowest_s * 1000:.1f} ms, "
        f"peak memory +{result.growth_bytes >> 20} MB"
    )
