"""A broker in memory with administration on it, and what its clients ask, in few words."""

from typing import Any
from xml.etree.ElementTree import Element, fromstring

from tests.doors.shared.rest.client import World

from dragoman.doors.servicebus.atom.documents import ATOM, CONNECT, INSTANCE, local
from dragoman.doors.servicebus.atom.face import AtomFace

VERSION = "api-version=2021-05"


def described(kind: str, inside: str = "") -> bytes:
    """An entry with a description."""
    return (
        f'<entry xmlns="{ATOM}"><content type="application/xml">'
        f'<{kind} xmlns="{CONNECT}" xmlns:i="{INSTANCE}">{inside}</{kind}></content></entry>'
    ).encode()


class Admin:
    """One client."""

    def __init__(self, keys: dict[str, bytes] | None = None) -> None:
        self.world = World(AtomFace(), users=keys)
        self.client = self.world.connect()

    def ask(
        self, method: str, path: str, body: bytes = b"", *headers: tuple[str, str], more: str = ""
    ) -> tuple[int, Element | None]:
        """(status, document)."""
        target = f"{path}?{VERSION}{more}"
        found = self.client.ask(method, target, body, headers)
        return found.status, fromstring(found.body) if found.body else None

    def get(self, path: str, more: str = "") -> tuple[int, Element | None]:
        return self.ask("GET", path, more=more)

    def put(self, path: str, kind: str, inside: str = "", *, change: bool = False) -> int:
        headers = (("If-Match", "*"),) if change else ()
        return self.ask("PUT", path, described(kind, inside), *headers)[0]

    def delete(self, path: str) -> int:
        return self.ask("DELETE", path)[0]

    def said(self, path: str) -> dict[str, str]:
        """The elements of a description, in their order."""
        status, document = self.get(path)
        assert status == 200, status
        assert document is not None
        description = next(each for each in document.iter() if local(each).endswith("Description"))
        return {local(each): each.text or "" for each in description}

    def submit(self, command: Any) -> Any:
        return self.world.kernel.submit(command, 0)


def titles(document: Element | None) -> list[str]:
    """Of the entries of a feed."""
    assert document is not None
    return [each.findtext(f"{{{ATOM}}}title") or "" for each in document.iter(f"{{{ATOM}}}entry")]
