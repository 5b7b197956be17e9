"""The configuration file: TOML to `ServeOptions`. Cold.

    [listen]   [storage]   [limits]   [push]   [security]  options of the process
    [users.NAME]   [keys.NAME]                             who may come in
    [namespace.NS.stream|queue|route|binding|pump.NAME]    what exists from the start (`topology.py`)
    [eventgrid."TYPE/NAME"]                                and of Event Grid (`eventgrid.py`)

A section is a struct: its fields are its options, their types and defaults the rule. What a section does not know is
refused with the nearest name that it does. All problems of a file are found at once, one line each. Paths in a file
are relative to the file. docs/config.md is generated from these structs (`configdoc.py`).
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dragoman.app.config import (
    ALL_PROTOCOLS,
    CONNECTIONS_MAX,
    PROTOCOLS,
    ConfigError,
    ServeOptions,
    set_advertised,
    set_app_engine,
    set_port,
    set_pushing,
)
from dragoman.app.problems import Problems

FILE_BYTES_MAX: Final = 16 << 20  # what is beyond is not read, and so hardly TOML


class ListenSection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the broker listens, and how it speaks."""

    host: str = "127.0.0.1"
    ports: dict[str, int] = msgspec.field(default_factory=lambda: dict(PROTOCOLS))
    advertise: dict[str, str] = msgspec.field(default_factory=dict)
    tls_cert: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    tls_client_ca: str = ""
    tls_client_name: Literal["common-name", "distinguished-name"] = "common-name"
    insecure: bool = False
    log: Literal["text", "json"] = "text"


class StorageSection(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages are kept."""

    data: str = "./dragoman-data"
    memory: bool = False


class LimitsSection(msgspec.Struct, frozen=True, kw_only=True):
    """How much is allowed."""

    connections_max: int = CONNECTIONS_MAX
    kafka: Literal["kafka", "eventhubs"] = "kafka"


class PushSection(msgspec.Struct, frozen=True, kw_only=True):
    """What the broker may call when it pushes messages."""

    allow: tuple[str, ...] = ()
    ca: str = ""
    issuer: str = ""
    app_engine: dict[str, str] = msgspec.field(default_factory=dict)


class SecuritySection(msgspec.Struct, frozen=True, kw_only=True):
    """Who may do what."""

    superusers: tuple[str, ...] = ()
    guarded: tuple[str, ...] = ()
    reauthenticate_ms: int = 0
    oauth_keys: str = ""
    oauth_issuer: str = ""
    oauth_audience: str = ""
    oauth_claim: str = "sub"


class UserSection(msgspec.Struct, frozen=True, kw_only=True):
    """Who may connect by name and password."""

    password: str = ""
    password_file: str = ""


class KeySection(msgspec.Struct, frozen=True, kw_only=True):
    """A secret of a program, by a name of its own."""

    secret: str = ""
    secret_file: str = ""


SECTIONS: Final[Mapping[str, type[msgspec.Struct]]] = {
    "listen": ListenSection,
    "storage": StorageSection,
    "limits": LimitsSection,
    "push": PushSection,
    "security": SecuritySection,
}
TOP_LEVEL: Final = (*SECTIONS, "users", "keys", "namespace", "eventgrid")


def load(path: str) -> ServeOptions:
    """Options from a file. Raises ConfigError, every line beginning with the file's name."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
        return read(tomllib.loads(content.decode()), Path(path).parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {line}" for line in error.problems) from None
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except (ValueError, RecursionError) as error:  # neither TOML nor UTF-8, or nested without end
        raise ConfigError([f"{path}: {error}"]) from error


def read(document: Mapping[str, Any], folder: Path) -> ServeOptions:
    """Options from a parsed file; its relative paths begin at `folder`. Raises ConfigError."""
    problems = Problems()
    problems.unknown(document, TOP_LEVEL, "file")
    options = ServeOptions()
    for name, apply in APPLY:
        section = problems.struct(document.get(name, {}), SECTIONS[name], name)
        if section is not None:
            apply(options, section, folder, problems)
    if "push" in document:
        _push(options, document["push"], folder, problems)
    for name, value in problems.table(document.get("users", {}), "users").items():
        user = problems.struct(value, UserSection, f"users.{name}")
        if user is not None:
            where = f"users.{name}: password"
            options.users[name] = _secret(
                user.password, user.password_file, folder, where, problems
            )
    for name, value in problems.table(document.get("keys", {}), "keys").items():
        key = problems.struct(value, KeySection, f"keys.{name}")
        if key is not None:
            where = f"keys.{name}: secret"
            options.keys[name] = _secret(key.secret, key.secret_file, folder, where, problems)
    if "namespace" in document:
        from dragoman.app.topology import commands_of  # noqa: PLC0415 - loads the kernel's commands

        options.topology = commands_of(document["namespace"], problems)
    if "eventgrid" in document:
        from dragoman.app.eventgrid import resources_of  # noqa: PLC0415 - loads a door

        options.eventgrid = resources_of(document["eventgrid"], problems)
    if problems.lines:
        raise ConfigError(problems.lines)
    return options


def _listen(options: ServeOptions, section: Any, folder: Path, problems: Problems) -> None:
    options.host = section.host
    for name, number in sorted(section.ports.items(), key=lambda port: port[0] != ALL_PROTOCOLS):
        problems.attempt("listen", set_port, options, name, number)
    for name, address in section.advertise.items():
        problems.attempt("listen", set_advertised, options, name, address)
    options.tls_cert = _path(section.tls_cert, folder)
    options.tls_key = _path(section.tls_key, folder)
    options.tls_ca = _path(section.tls_ca, folder)
    options.tls_client_ca = _path(section.tls_client_ca, folder)
    options.tls_client_name = section.tls_client_name
    options.insecure = section.insecure
    options.log = section.log


def _storage(options: ServeOptions, section: Any, folder: Path, problems: Problems) -> None:
    options.data = _path(section.data, folder)
    options.memory = section.memory


def _limits(options: ServeOptions, section: Any, folder: Path, problems: Problems) -> None:
    options.connections_max = section.connections_max
    options.kafka_limits = section.kafka
    if section.connections_max < 1:
        problems.add("limits", f"connections_max: {section.connections_max} would let nobody in")


def _push(options: ServeOptions, value: Any, folder: Path, problems: Problems) -> None:
    section = problems.struct(value, PushSection, "push")
    if section is not None:
        ca = _path(section.ca, folder)
        problems.attempt("push", set_pushing, options, section.allow, ca, section.issuer)
        problems.attempt("push", set_app_engine, options, section.app_engine)


def _security(options: ServeOptions, section: Any, folder: Path, problems: Problems) -> None:
    options.superusers = section.superusers
    options.guarded = section.guarded
    options.reauthenticate_ms = section.reauthenticate_ms
    options.oauth_keys = _path(section.oauth_keys, folder)
    options.oauth_issuer = section.oauth_issuer
    options.oauth_audience = section.oauth_audience
    options.oauth_claim = section.oauth_claim


APPLY: Final = (
    ("listen", _listen),
    ("storage", _storage),
    ("limits", _limits),
    ("security", _security),
)


def _path(path: str, folder: Path) -> str:
    return str(folder / path) if path else ""


def _secret(secret: str, file: str, folder: Path, where: str, problems: Problems) -> str:
    """A secret given in place or in a file of its own, without the line's end."""
    if bool(secret) == bool(file):
        problems.add(where, "give it either in place or as a file")
        return ""
    if secret:
        return secret
    try:
        return (folder / file).read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(where, str(error))
        return ""
