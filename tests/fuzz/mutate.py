"""Hostile inputs from honest ones: a seeded mutator that knows bytes, and where a frame keeps its length."""

import random
from collections.abc import Callable
from typing import Any

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
BYTES_MAX = 1 << 16  # a mutated input is not longer
DEEPER = 0.8  # how often the exchanged value is not this one but one in it


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


# What stands in a JSON document instead of what should. Of the last two the one is no JSON, though many readers take it.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1 << 31, 1 << 63, -(1 << 64), 10**400, 1e-320, [], {}, [[]]),
    *("", "0", "\0", "\ud800", "é" * 300, "x" * 5_000, "2023-11-14T00:00:00Z", "PT1M", "PT", "P9D"),
    *([None], {"": {}}, {"a": [1]}, [1, 2], ["a"] * 30, [[1, 2]], _nested(300)),
    *(float("nan"), float("inf")),
)
NAMES = ("", "a", "id", "data", "data_base64", "properties", "values", "specversion", "é" * 30)

Edit = Callable[[random.Random, bytearray, list[bytes]], None]


def _flip(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _set(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def _edge(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    """A number of one, two, four or eight bytes becomes an edge case."""
    width = chance.choice((1, 2, 4, 8))
    at = chance.randrange(max(len(data) - width + 1, 1))
    number = (chance.choice(EDGES) + chance.choice((-1, 0, 0, 1))) % (1 << 8 * width)
    data[at : at + width] = number.to_bytes(width, "big")


def _cut(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randrange(1, 16)]


def _truncate(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    del data[chance.randrange(len(data)) :]


def _insert(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.randbytes(chance.randrange(1, 16))


def _repeat(chance: random.Random, data: bytearray, _: list[bytes]) -> None:
    start = chance.randrange(len(data))
    part = data[start : start + chance.randrange(1, 32)]
    data[start:start] = part * chance.randrange(1, 8)


def _splice(chance: random.Random, data: bytearray, others: list[bytes]) -> None:
    other = chance.choice(others)
    at = chance.randrange(len(data))
    start = chance.randrange(len(other))
    data[at:] = other[start:]


EDITS: tuple[Edit, ...] = (_flip, _set, _edge, _edge, _cut, _truncate, _insert, _repeat, _splice)


def mutate(chance: random.Random, frame: bytes, others: list[bytes]) -> bytes:
    """`frame` with one to four edits."""
    data = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        if data:
            chance.choice(EDITS)(chance, data, others)
    return bytes(data[:BYTES_MAX])


def split(chance: random.Random, data: bytes) -> list[bytes]:
    """As sockets deliver it: mostly whole, at times in pieces."""
    if chance.random() < 0.9 or len(data) < 2:
        return [data]
    at = chance.randrange(1, len(data))
    return [data[:at], data[at:]]


def other_value(chance: random.Random, value: Any) -> Any:
    """A JSON value with one thing in it, at any depth, exchanged for another, taken away, repeated or renamed."""
    if value and isinstance(value, dict | list) and chance.random() < DEEPER:
        return _other_in(chance, value)
    if isinstance(value, list) and chance.random() < 0.5:
        return value * chance.choice((0, 2, 30))
    return chance.choice(VALUES)


def _other_in(chance: random.Random, value: dict[str, Any] | list[Any]) -> Any:
    if isinstance(value, list):
        at = chance.randrange(len(value))
        return [*value[:at], other_value(chance, value[at]), *value[at + 1 :]]
    key = chance.choice(list(value))
    match chance.randrange(8):
        case 0:
            return {name: one for name, one in value.items() if name != key}
        case 1:
            return {**value, chance.choice(NAMES): value[key]}
        case _:
            return {**value, key: other_value(chance, value[key])}
