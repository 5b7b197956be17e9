"""What a broker can be told, typed. Cold."""

from dataclasses import dataclass, field


@dataclass
class ServeOptions:
    """Everything `dragoman serve` takes, after file and command line were read and checked."""

    data: str = "./dragoman-data"
    memory: bool = False
    host: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=lambda: {"kafka": 9092, "amqp": 5672})
    advertise: dict[str, tuple[str, int]] = field(default_factory=dict)
    one_port: bool = False  # every protocol shares the listener of the first
    config: str = ""
    ready_file: str = ""
    log: str = "text"
    insecure: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    tls_ca: str | None = None
    users: dict[str, str] = field(default_factory=dict)
