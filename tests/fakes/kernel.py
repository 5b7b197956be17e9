"""A kernel with everything around it small: bodies are plain text, chance is counted."""

from collections.abc import Mapping
from typing import ClassVar

from dragoman.kernel.kernel import Kernel
from dragoman.kernel.routing import Routing
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import AMQP091
from dragoman.ports.translator import NO_TOMBSTONE, TOMBSTONE, Change, Death

FOREIGN = AMQP091  # entries of it are never made one


class FakeFields:
    def __init__(self, body: bytes) -> None:
        pairs = [pair.partition("=") for pair in body.decode().partition(";")[2].split(",")]
        self.headers: Mapping[str, object] = {name: value for name, _, value in pairs if name}

    def attribute(self, name: str) -> object:
        return self.headers.get(name)

    def member(self, path: tuple[str, ...]) -> object:
        return self.headers.get(".".join(path))


class FakeTranslator:
    """Bodies are `text` or `text;header=value,...`; a dead letter is `text|reason`; a batch is messages joined by
    newlines. A header is an attribute, too. Where a body died is remembered for all kernels, as restarts want it.
    """

    DEATHS: ClassVar[dict[bytes, tuple[str, bytes]]] = {}

    def fields(self, format: int, body: bytes, index: int) -> FakeFields:
        return FakeFields(body)

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        return format, [message for _, message in self._placed(body)[1]]

    def log_keys(self, format: int, body: bytes) -> list[tuple[int, bytes | None, int]]:
        """Its header `key`; with `gone` a tombstone. A batch made of what was left begins with when they may go."""
        said, lines = self._placed(body)
        found: list[tuple[int, bytes | None, int]] = []
        for delta, message in lines:
            headers = FakeFields(message).headers
            key = str(headers["key"]).encode() if "key" in headers else None
            found.append((delta, key, said if "gone" in headers else NO_TOMBSTONE))
        return found

    def rebatch(
        self, format: int, entries: list[tuple[int, bytes]], kept: set[int], tombstone_ms: int
    ) -> bytes:
        left = [
            b"%d %s" % (offset + delta - min(kept), message)
            for offset, body in entries
            for delta, message in self._placed(body)[1]
            if offset + delta in kept
        ]
        return b"\n".join([b"#%d" % tombstone_ms, *left])

    def _placed(self, body: bytes) -> tuple[int, list[tuple[int, bytes]]]:
        first, *lines = body.split(b"\n")
        if not first.startswith(b"#"):
            return TOMBSTONE, list(enumerate([first, *lines]))
        pairs = [line.split(b" ", 1) for line in lines]
        return int(first[1:]), [(int(delta), message) for delta, message in pairs]

    def packs(self, format: int) -> bool:
        return format != FOREIGN

    def route_key(self, format: int, body: bytes) -> str:
        return body.split(b"|")[0].decode()

    def payload_bytes(self, format: int, body: bytes) -> int:
        return len(body)

    def further_keys(self, format: int, body: bytes) -> tuple[str, ...]:
        return ()

    def dead_letter(self, format: int, body: bytes, death: Death) -> tuple[int, bytes] | None:
        lettered = body + b"|" + death.reason.encode()
        self.DEATHS[lettered] = (death.queue, body)
        return format, lettered

    def revived(self, format: int, body: bytes) -> tuple[str, bytes] | None:
        return self.DEATHS.get(body)

    def with_headers(
        self, format: int, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> tuple[int, bytes]:
        return format, body

    def changed(
        self, format: int, body: bytes, change: Change, source: object = None
    ) -> tuple[int, bytes]:
        text, _, _ = body.decode().partition(";")
        said = {**FakeFields(body).headers, **change.headers, **change.fields}
        if "unwritable" in said:
            raise InvalidArgument("no text says that")
        told = ",".join(f"{name}={value}" for name, value in said.items() if value is not None)
        return format, f"{text};{told}".encode()


def make_kernel(translator: FakeTranslator | None = None) -> Kernel:
    counter = iter(range(1, 1 << 62))
    return Kernel(
        translator or FakeTranslator(),
        Routing(),
        lambda limit: next(counter) % limit,
        lambda size: next(counter).to_bytes(size, "big"),
    )
