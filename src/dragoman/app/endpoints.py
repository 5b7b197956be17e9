"""Where each protocol is served, and what its client needs to be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dragoman.app.config import ServeOptions


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One protocol's address: for people (`title`, `hint`) and for programs (`document`)."""

    title: str
    hint: str
    document: dict[str, Any]


def _host_of(host: str) -> str:
    """An address that a client on this machine can connect to."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _kafka(host: str, port: int, options: ServeOptions) -> Endpoint:
    bootstrap = f"{host}:{port}"
    document = {"host": host, "port": port, "bootstrap": bootstrap}
    return Endpoint("Kafka", f"bootstrap.servers={bootstrap}", document)


def _amqp(host: str, port: int, options: ServeOptions) -> Endpoint:
    user = next(iter(options.users.items()), ("guest", "guest"))
    url = f"amqp://{user[0]}:{'***' if options.users else user[1]}@{host}:{port}/"
    return Endpoint("RabbitMQ", url, {"host": host, "port": port, "url": url})


def _sqs(host: str, port: int, options: ServeOptions) -> Endpoint:
    url = f"http://{host}:{port}"
    access_key, secret_key = _key(options, ("local", "local"))
    document = {
        "host": host,
        "port": port,
        "url": url,
        "region": REGION,
        "access_key": access_key,
        "secret_key": secret_key,
    }
    return Endpoint("SQS", f"AWS_ENDPOINT_URL_SQS={url}", document)


def _eventgrid(host: str, port: int, options: ServeOptions) -> Endpoint:
    url = f"http://{host}:{port}/api/events"
    _, key = _key(options, ("", EVENTGRID_KEY))
    return Endpoint(
        "Event Grid", f"{url}  key: {key}", {"host": host, "port": port, "url": url, "key": key}
    )


def _key(options: ServeOptions, usual: tuple[str, str]) -> tuple[str, str]:
    """Name and secret of the first key configured, the secret not told; `usual` where anything will do."""
    name = next(iter(options.keys), None)
    return usual if name is None else (name, "***")


REGION: Final = "us-east-1"
EVENTGRID_KEY: Final = "bG9jYWw="  # clients decode it as base64 before they sign
MAKERS: Final[Mapping[str, Callable[[str, int, ServeOptions], Endpoint]]] = {
    "kafka": _kafka,
    "amqp": _amqp,
    "sqs": _sqs,
    "eventgrid": _eventgrid,
}


def endpoints_of(
    ports: Mapping[str, tuple[str, int]], options: ServeOptions
) -> dict[str, Endpoint]:
    """An endpoint per protocol that is bound."""
    return {
        name: MAKERS[name](_host_of(host), port, options) for name, (host, port) in ports.items()
    }


def table_of(document: Mapping[str, Any], endpoints: Mapping[str, Endpoint]) -> str:
    """What `serve` prints once it is ready."""
    data = document["data"] or "in memory, gone with this process"
    lines = [f"dragoman {document['version']} ({document['build']})  data: {data}"]
    for endpoint in endpoints.values():
        address = f"{endpoint.document['host']}:{endpoint.document['port']}"
        lines.append(f"  {endpoint.title:<12} {address:<22} {endpoint.hint}")
    return "\n".join(lines) + "\n"
