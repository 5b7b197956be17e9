"""What a broker can be told, typed, and what makes no sense together. Cold, and cheap to load.

The command line fills it (`cli/serve.py`), and so does a file (`configfile.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PROTOCOLS: Final[Mapping[str, int]] = {
    "kafka": 9092,
    "amqp": 5672,
    "sqs": 4566,
    "eventgrid": 60101,
    "pubsub": 8085,
    "cloudtasks": 8123,
    "schemaregistry": 8081,
}
"""Each with the port that its clients are used to."""
ALIASES: Final[Mapping[str, tuple[int, ...]]] = {"amqp": (15672, 5671, 5300), "sqs": (9324,)}
"""Further habits (RabbitMQ's management API, AMQP in TLS, administration of Service Bus's emulator): bound as well
where the usual port is, unless somebody else has it.
"""
ALL_PROTOCOLS: Final = "all"
PORT_MAX: Final = 65_535
CONNECTIONS_MAX: Final = 10_000
LOGS: Final = ("text", "json")
CERTIFICATE_NAMES: Final = ("common-name", "distinguished-name")
LIKES: Final = ("localstack", "elasticmq", "servicebus")
"""Whose habits beyond the service's own clients may count on."""


@dataclass
class ServeOptions:
    """Everything `dragoman serve` takes, after file and command line were read and checked."""

    data: str = "./dragoman-data"
    memory: bool = False
    host: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=lambda: dict(PROTOCOLS))
    advertise: dict[str, tuple[str, int]] = field(default_factory=dict)
    one_port: bool = False  # every protocol shares the listener of the first
    config: str = ""
    ready_file: str = ""
    log: str = "text"
    insecure: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    tls_client_ca: str = ""  # authorities whose certificates clients may show
    tls_client_name: str = "common-name"  # one of CERTIFICATE_NAMES: what of it is who they are
    users: dict[str, str] = field(default_factory=dict)  # name to password
    keys: dict[str, str] = field(default_factory=dict)  # name to secret
    oauth_keys: str = ""  # a file with the public keys of whoever signs tokens
    oauth_issuer: str = ""
    oauth_audience: str = ""
    oauth_claim: str = "sub"
    reauthenticate_ms: int = 0
    superusers: tuple[str, ...] = ()  # principals that may do everything
    guarded: tuple[str, ...] = ()  # namespaces where what is not granted is refused
    connections_max: int = CONNECTIONS_MAX
    kafka_limits: str = (
        "kafka"  # one of `doors.kafka.clientlimits.SETS`: whose Kafka's clients meet
    )
    push_allow: tuple[str, ...] = ()  # what may be called besides the Internet
    push_ca: str = ""
    push_issuer: str = ""  # a URL; where Pub/Sub is served unless it is set
    app_engine: dict[str, str] = field(default_factory=dict)  # a URL for each service
    like: str = ""  # one of LIKES
    servicebus_config: str = ""  # a file of Service Bus's emulator, read into `topology`
    eventhubs_config: str = ""  # the same of Event Hubs' emulator
    topology: tuple[Any, ...] = ()  # kernel commands that make what the file says exists
    eventgrid: tuple[Any, ...] = ()  # Event Grid's resources that the file says exist


def asks_for_credentials(options: ServeOptions) -> bool:
    """Whether clients have to prove who they are."""
    return bool(options.users or options.keys or options.oauth_keys)


class ConfigError(Exception):
    """What is wrong with options or a file: `problems`, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def check(options: ServeOptions) -> None:
    """Raises ConfigError for what makes no sense together."""
    problems = []
    if not (asks_for_credentials(options) or options.insecure or is_loopback(options.host)):
        problems.append(
            f"host {options.host}: without users anybody who reaches it may do anything;"
            " configure [users.NAME], or say --insecure"
        )
    for name, value in (
        ("tls-key", options.tls_key),
        ("tls-ca", options.tls_ca),
        ("tls-client-ca", options.tls_client_ca),
    ):
        if value and not options.tls_cert:
            problems.append(f"{name}: nothing without a certificate (tls-cert)")
    if problems:
        raise ConfigError(problems)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. Names other than `localhost` may lead anywhere."""
    numbers = host.split(".")
    in_127 = len(numbers) == 4 and numbers[0] == "127" and all(n.isdecimal() for n in numbers)
    return in_127 or host in {"localhost", "::1"}


def is_private(options: ServeOptions) -> bool:
    """Whether this is somebody's own machine: nobody else reaches the broker, and nobody is told apart."""
    return is_loopback(options.host) and not asks_for_credentials(options)


def set_pushing(options: ServeOptions, allow: Iterable[str], ca: str, issuer: str = "") -> None:
    """Set what outbound HTTP may call, whom it believes, and who it says it is. Raises ConfigError."""
    from dragoman.push.guard import Guard  # noqa: PLC0415 - most brokers are not told
    from dragoman.push.trust import tls_context  # noqa: PLC0415

    options.push_allow = tuple(allow)
    options.push_ca = ca
    options.push_issuer = issuer
    problems = []
    if issuer and not issuer.startswith(("http://", "https://")):
        problems.append(f"issuer: expected a URL, not {issuer}")
    for entry in options.push_allow:
        try:
            Guard([entry])
        except ValueError as error:
            problems.append(f"allow: {error}")
    try:
        tls_context(ca)
    except OSError as error:
        problems.append(f"ca: {ca}: {error}")
    if problems:
        raise ConfigError(problems)


def set_app_engine(options: ServeOptions, services: Mapping[str, str]) -> None:
    """Set where App Engine's services are, for tasks that go to them. Raises ConfigError."""
    options.app_engine = dict(services)
    wrong = [url for url in services.values() if not url.startswith(("http://", "https://"))]
    if wrong:
        raise ConfigError([f"app_engine: expected a URL, not {url}" for url in wrong])


def set_port(options: ServeOptions, name: str, number: int) -> None:
    """Set a protocol's port; `all` puts every protocol on one. Raises ConfigError."""
    if not 0 <= number <= PORT_MAX:
        raise ConfigError([f"port {name}: {number} is not from 0 to {PORT_MAX}"])
    if name == ALL_PROTOCOLS:
        options.ports = dict.fromkeys(options.ports, number)
        options.one_port = True
    elif name in PROTOCOLS:
        options.ports[name] = number
    else:
        raise ConfigError([f"port {name}: no such protocol{nearest(name, [*PROTOCOLS, 'all'])}"])


def set_advertised(options: ServeOptions, name: str, address: str) -> None:
    """Set the address, HOST:PORT, that a protocol's clients are given. Raises ConfigError."""
    host, _, number = address.rpartition(":")
    if name not in PROTOCOLS:
        raise ConfigError([f"advertise {name}: no such protocol{nearest(name, PROTOCOLS)}"])
    if not host or not number.isdecimal() or not 0 < int(number) <= PORT_MAX:
        raise ConfigError([f"advertise {name}: expected HOST:PORT, not {address}"])
    options.advertise[name] = (host.strip("[]"), int(number))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean X?`, or what there is to choose from."""
    import difflib  # noqa: PLC0415 - only a mistake needs it

    names = list(known)
    close = difflib.get_close_matches(word, names, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f" (there are: {', '.join(names) or 'none'})"
