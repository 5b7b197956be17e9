"""Where each protocol is served, and what its client needs to be told.

Once users or keys are configured a client also needs a name and a secret: those of the first one. Programs are told
them in the ready file, which is its owner's alone then; what people see on a screen or in a log has stars instead.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from dragoman.app.config import ServeOptions

GUEST: Final = ("guest", "guest")  # RabbitMQ's own, and anything else, while there are no users
HIDDEN: Final = "***"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One protocol's address: for people (`title`, `hint`) and for programs (`document`)."""

    title: str
    hint: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a protocol is bound, and what opens it, name and secret; None while there are no users, or no keys."""

    host: str
    port: int
    user: tuple[str, str] | None
    key: tuple[str, str] | None

    @property
    def address(self) -> str:
        """As in a URL: an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def document(self) -> dict[str, Any]:
        """What every protocol tells."""
        return {"host": self.host, "port": self.port}


def _host_of(host: str) -> str:
    """An address that a client on this machine can connect to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _kafka(place: _Place) -> Endpoint:
    document = place.document | {"bootstrap": place.address}
    hint = f"bootstrap.servers={place.address}"
    if place.user is not None:
        document |= {"username": place.user[0], "password": place.user[1]}
        hint += f" sasl.mechanism=PLAIN sasl.username={place.user[0]}"
    return Endpoint("Kafka", hint, document)


def _amqp(place: _Place) -> Endpoint:
    user, password = place.user or GUEST
    url = f"amqp://{quote(user, safe='')}:{quote(password, safe='*')}@{place.address}/"
    return Endpoint("RabbitMQ", url, place.document | {"url": url})


def _sqs(place: _Place) -> Endpoint:
    url = f"http://{place.address}"
    access_key, secret_key = place.key or ("local", "local")
    keys = {"region": REGION, "access_key": access_key, "secret_key": secret_key}
    return Endpoint("SQS", f"AWS_ENDPOINT_URL_SQS={url}", place.document | {"url": url} | keys)


def _eventgrid(place: _Place) -> Endpoint:
    url = f"http://{place.address}"
    _, key = place.key or ("", EVENTGRID_KEY)
    hint = f"{url}/TOPIC/api/events  key: {key}"
    return Endpoint("Event Grid", hint, place.document | {"url": url, "key": key})


def _pubsub(place: _Place) -> Endpoint:
    document = place.document | {"emulator_host": place.address}
    if place.key is not None:
        document |= {"api_key": ":".join(place.key)}
    return Endpoint("Pub/Sub", f"PUBSUB_EMULATOR_HOST={place.address}", document)


def _cloudtasks(place: _Place) -> Endpoint:
    url = f"http://{place.address}"
    document = place.document | {"url": url, "project": PROJECT, "location": LOCATION}
    document |= {"emulator_host": place.address}
    if place.key is not None:
        document |= {"api_key": ":".join(place.key)}
    return Endpoint("Cloud Tasks", f"{url}  projects/{PROJECT}/locations/{LOCATION}", document)


def _schemaregistry(place: _Place) -> Endpoint:
    url = f"http://{place.address}"
    document = place.document | {"url": url}
    if place.user is not None or place.key is not None:
        document |= {"auth": ":".join(place.user or place.key or ())}
    return Endpoint("Schema Registry", f"schema.registry.url={url}", document)


def _azure(place: _Place, title: str) -> Endpoint:
    """An emulator's string, which keeps the official clients from asking for TLS."""
    name, key = place.key or (AZURE_NAME, AZURE_KEY)
    opened = f"SharedAccessKeyName={name};SharedAccessKey={key}"
    string = f"Endpoint=sb://{place.address};{opened};UseDevelopmentEmulator=true;"
    return Endpoint(title, string, place.document | {"connection_string": string})


AZURE_NAME: Final = "RootManageSharedAccessKey"
AZURE_KEY: Final = "SAS_KEY_VALUE"  # Microsoft's emulators have no other
PROJECT: Final = "default"
LOCATION: Final = "local"
REGION: Final = "us-east-1"
EVENTGRID_KEY: Final = "bG9jYWw="  # clients decode it as base64 before they sign
MAKERS: Final[Mapping[str, tuple[str, Callable[[_Place], Endpoint]]]] = {
    "kafka": ("kafka", _kafka),
    "amqp": ("amqp", _amqp),
    "servicebus": ("amqp", partial(_azure, title="Service Bus")),
    "eventhubs": ("amqp", partial(_azure, title="Event Hubs")),
    "sqs": ("sqs", _sqs),
    "eventgrid": ("eventgrid", _eventgrid),
    "pubsub": ("pubsub", _pubsub),
    "cloudtasks": ("cloudtasks", _cloudtasks),
    "schemaregistry": ("schemaregistry", _schemaregistry),
}
"""For each kind of client: whose port it comes in by, and what it is told."""


def endpoints_of(
    ports: Mapping[str, tuple[str, int]], options: ServeOptions, *, hidden: bool = False
) -> dict[str, Endpoint]:
    """An endpoint for each kind of client that can come in; `hidden` leaves secrets out."""
    user, key = (_first(secrets, hidden=hidden) for secrets in (options.users, options.keys))
    places = {name: _Place(_host_of(host), port, user, key) for name, (host, port) in ports.items()}
    return {name: made(places[bound]) for name, (bound, made) in MAKERS.items() if bound in places}


def _first(secrets: Mapping[str, str], *, hidden: bool) -> tuple[str, str] | None:
    """The first name with its secret, or with stars."""
    name = next(iter(secrets), None)
    return None if name is None else (name, HIDDEN if hidden else secrets[name])


def table_of(document: Mapping[str, Any], endpoints: Mapping[str, Endpoint], tls_cert: str) -> str:
    """What `serve` prints once it is ready."""
    data = document["data"] or "in memory, gone with this process"
    lines = [f"dragoman {document['version']} ({document['build']})  data: {data}"]
    for endpoint in endpoints.values():
        address = f"{endpoint.document['host']}:{endpoint.document['port']}"
        lines.append(f"  {endpoint.title:<15} {address:<22} {endpoint.hint}")
    if tls_cert:
        lines.append(f"  {'TLS':<15} {'on the same ports':<22} {tls_cert}")
    return "\n".join(lines) + "\n"
