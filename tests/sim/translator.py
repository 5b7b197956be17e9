"""Bodies of the simulation, made to be judged: each says who it is, and where it has died.

m17;red                         message 17, with the header colour = red
m17;red|rejected@q1|expired@q2  the same, dead-lettered from q1 and then from q2
m18;red\nm19;blue               a packed batch of two
"""

from collections.abc import Mapping

from dragoman.ports.translator import Death

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


class SimTranslator:
    """The `Translator` port over such bodies."""

    def fields(self, format: int, body: bytes, index: int) -> SimFields:
        return SimFields(body)

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        return format, body.split(b"\n")

    def route_key(self, format: int, body: bytes) -> str:
        return colour_of(body)

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


def with_colour(body: bytes, colour: str) -> bytes:
    head, separator, deaths = body.partition(SEPARATOR)
    return name_of(head) + b";" + colour.encode() + separator + deaths


def died(body: bytes, reason: str, queue: str) -> bytes:
    """The body as its dead-letter address gets it."""
    return body + SEPARATOR + f"{reason}@{queue}".encode()
