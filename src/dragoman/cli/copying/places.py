"""Addresses of ends: `SCHEME://[USER:PASSWORD@]HOST[:PORT]/NAME[?OPTION=VALUE...]`.

A port makes it a broker at that address, such as Dragoman; without one, `sqs://REGION/QUEUE` and
`pubsub://PROJECT/NAME` are the clouds' own. What is no option of ours goes to Kafka's client.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from dragoman.cli.copying.ends import Reader, Writer
from dragoman.cli.errors import CommandError
from dragoman.ports.clock import Clock

ENDS: Final[Mapping[str, str]] = {
    "kafka": "dragoman.cli.copying.kafka:Kafka",
    "amqp": "dragoman.cli.copying.amqp:Amqp",
    "amqps": "dragoman.cli.copying.amqp:Amqp",
    "sqs": "dragoman.cli.copying.sqs:Sqs",
    "servicebus": "dragoman.cli.copying.servicebus:Servicebus",
    "pubsub": "dragoman.cli.copying.pubsub:Pubsub",
    "dragoman": "dragoman.cli.copying.admin:Admin",
    "dragomans": "dragoman.cli.copying.admin:Admin",
}
"""By scheme the module, loaded when it is asked for, and what its classes are called before Reader and Writer."""
HIDDEN: Final = "***"


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart. `path` is what lies before `name`, without slashes around it."""

    scheme: str
    user: str | None
    password: str | None
    servers: str  # HOST[:PORT], with commas between several
    path: str
    name: str
    options: Mapping[str, str]

    @property
    def host(self) -> str:
        """The first server's name or address."""
        host, colon, port = self.servers.partition(",")[0].rpartition(":")
        return (host if colon and port.isdigit() else self.servers).strip("[]")

    @property
    def port(self) -> int | None:
        """The first server's port, if it was said."""
        _, colon, port = self.servers.partition(",")[0].rpartition(":")
        return int(port) if colon and port.isdigit() else None

    @property
    def login(self) -> str:
        """As a URL has it, with the @; empty where nobody was said."""
        if self.user is None:
            return ""
        return f"{quote(self.user, safe='')}:{quote(self.password or '', safe='')}@"

    def __str__(self) -> str:
        """Without the password."""
        who = "" if self.user is None else f"{self.user}:{HIDDEN}@"
        path = f"{self.path}/" if self.path else ""
        return f"{self.scheme}://{who}{self.servers}/{path}{self.name}"

    def only(self, *known: str) -> None:
        """Raises CommandError for options that the end does not have."""
        for name in self.options:
            if name not in known:
                raise CommandError(f"{self}: no option {name}; there are: {', '.join(known)}")


def place_of(url: str) -> Place:
    """Raises CommandError for what is no address of an end."""
    parts = urlsplit(url)
    if parts.scheme not in ENDS:
        raise CommandError(f"{hidden(url)}: expected {', '.join(f'{one}://' for one in ENDS)}")
    who, at, servers = parts.netloc.rpartition("@")
    user, colon, password = who.partition(":")
    path, _, name = parts.path.strip("/").rpartition("/")
    if not servers or not name:
        raise CommandError(f"{hidden(url)}: expected {parts.scheme}://HOST/NAME")
    return Place(
        parts.scheme,
        unquote(user) if at else None,
        unquote(password) if colon else None,
        servers,
        path,
        unquote(name),
        dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def hidden(url: str) -> str:
    """An address as it may be shown."""
    before, at, behind = url.rpartition("@")
    return f"{before.partition('://')[0]}://{HIDDEN}@{behind}" if at else url


def open_reader(place: Place, clock: Clock, *, looks: bool) -> Reader:
    """`looks` for one that leaves everything as it is, as far as the protocol allows. Raises CommandError."""
    found: Reader = _end(place, "Reader")(place, clock, looks=looks)
    return found


def open_writer(place: Place, clock: Clock) -> Writer:
    """Raises CommandError."""
    found: Writer = _end(place, "Writer")(place, clock)
    return found


def _end(place: Place, kind: str) -> Any:
    module, _, name = ENDS[place.scheme].partition(":")
    return getattr(import_module(module), name + kind)
