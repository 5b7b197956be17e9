"""Bodies of the simulation, made to be judged: each says who it is, and where it has died.

m17;red                         message 17, with the header colour = red
m17;red|rejected@q1|expired@q2  the same, dead-lettered from q1 and then from q2
m18;red\nm19;blue               a packed batch of two
#900\n0 m18;red\n3 m21;red      a batch that was compacted: when its tombstones may go; where each message lies

Every third message is a tombstone.
"""

import re
from collections.abc import Mapping

from dragoman.kernel.block import Block
from dragoman.ports.translator import NO_TOMBSTONE, TOMBSTONE, Change, Death

SEPARATOR = b"|"


class SimFields:
    def __init__(self, body: bytes) -> None:
        colour = body.split(SEPARATOR)[0].partition(b";")[2].decode()
        self.headers: Mapping[str, object] = {"colour": colour}

    def attribute(self, name: str) -> object:
        return self.headers["colour"] if name == "key" else None

    def member(self, path: tuple[str, ...]) -> object:
        return None


def name_of(body: bytes) -> bytes:
    """Who it is, whatever befell it: `m17`."""
    return body.partition(b";")[0]


def colour_of(body: bytes) -> str:
    return str(SimFields(body).headers["colour"])


def deaths_of(body: bytes) -> list[tuple[str, str]]:
    """(reason, queue) of each death, oldest first."""
    pairs = [death.decode().split("@") for death in body.split(SEPARATOR)[1:]]
    return [(reason, queue) for reason, queue in pairs]


def goes_in_a_circle(body: bytes, queue: str) -> bool:
    """Whether it has died in `queue` before, and no reader rejected it since."""
    deaths = deaths_of(body)
    places = [at for at, (_, where) in enumerate(deaths) if where == queue]
    return bool(places) and all(reason != "rejected" for reason, _ in deaths[places[-1] :])


def is_tombstone(body: bytes) -> bool:
    number = re.match(rb"m(\d+)", body)
    return number is not None and int(number[1]) % 3 == 0


def placed(body: bytes) -> list[tuple[int, bytes]]:
    """The messages of an entry, and how far each lies from its first offset."""
    lines = body.split(b"\n")
    if not body.startswith(b"#"):
        return list(enumerate(lines))
    pairs = [line.split(b" ", 1) for line in lines[1:]]
    return [(int(delta), message) for delta, message in pairs]


def bodies_in(block: Block) -> list[bytes]:
    """One per offset; an empty one where nothing is."""
    assert block.bodies is not None
    if not block.packed:
        return block.bodies
    return block.spread([message for _, message in placed(block.bodies[0])])


class SimTranslator:
    """The `Translator` port over such bodies."""

    def fields(self, format: int, body: bytes, index: int) -> SimFields:
        return SimFields(body)

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        return format, [message for _, message in placed(body)]

    def log_keys(self, format: int, body: bytes) -> list[tuple[int, bytes | None, int]]:
        said = int(body[1:].split(b"\n")[0]) if body.startswith(b"#") else TOMBSTONE
        return [
            (delta, colour_of(message).encode(), said if is_tombstone(message) else NO_TOMBSTONE)
            for delta, message in placed(body)
        ]

    def rebatch(
        self, format: int, entries: list[tuple[int, bytes]], kept: set[int], tombstone_ms: int
    ) -> bytes:
        lines = [
            b"%d %s" % (offset + delta - min(kept), message)
            for offset, body in entries
            for delta, message in placed(body)
            if offset + delta in kept
        ]
        return b"\n".join([b"#%d" % tombstone_ms, *lines])

    def packs(self, format: int) -> bool:
        return True

    def route_key(self, format: int, body: bytes) -> str:
        return colour_of(body)

    def payload_bytes(self, format: int, body: bytes) -> int:
        return len(body)

    def further_keys(self, format: int, body: bytes) -> tuple[str, ...]:
        return ()

    def dead_letter(self, format: int, body: bytes, death: Death) -> tuple[int, bytes] | None:
        if goes_in_a_circle(body, death.queue) and death.reason != "rejected":
            return None
        return format, died(body, death.reason, death.queue)

    def revived(self, format: int, body: bytes) -> tuple[str, bytes] | None:
        deaths = deaths_of(body)
        return (deaths[-1][1], body.split(SEPARATOR)[0]) if deaths else None

    def with_headers(
        self, format: int, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> tuple[int, bytes]:
        return format, with_colour(body, headers[0][1])

    def changed(
        self, format: int, body: bytes, change: Change, source: object = None
    ) -> tuple[int, bytes]:
        return format, with_colour(body, str(change.headers["colour"]))


def with_colour(body: bytes, colour: str) -> bytes:
    head, separator, deaths = body.partition(SEPARATOR)
    return name_of(head) + b";" + colour.encode() + separator + deaths


def died(body: bytes, reason: str, queue: str) -> bytes:
    """The body as its dead-letter address gets it."""
    return body + SEPARATOR + f"{reason}@{queue}".encode()
