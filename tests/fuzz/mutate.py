"""Hostile inputs from honest ones: a seeded mutator that knows bytes, and where a frame keeps its length."""

import random
from collections.abc import Callable

EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
BYTES_MAX = 1 << 16  # a mutated input is not longer

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
