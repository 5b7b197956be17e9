"""`dragoman serve`: its options, read from a table. No library is loaded, so that a broker starts at once."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from dragoman.app.config import (
    LIKES,
    LOGS,
    ConfigError,
    ServeOptions,
    check,
    nearest,
    set_advertised,
    set_port,
)

USAGE: Final = """\
dragoman serve [options]

  --data DIR             where messages are kept (default ./dragoman-data)
  --memory               keep everything in memory, gone with the process
  --config FILE.toml     read options, queues, streams, routes and users from a file
  --host ADDRESS         address to listen on (default 127.0.0.1)
  --port NAME=N          port of a protocol, 0 for any free one; all=N puts every protocol on one
  --advertise NAME=H:P   address to give clients of a protocol
  --ready-file PATH      where to write, as JSON, what is served once it is
  --log text|json        how to speak (default text)
  --tls-cert FILE        certificate chain; TLS is then served beside plain connections
  --tls-key FILE         its key, if not in the same file
  --tls-ca FILE          certificate of its authority, which local programs are told in the ready file
  --tls-client-ca FILE   authorities whose certificates clients may show to say who they are
  --like localstack|elasticmq|servicebus
                         keep that product's habits: for clients of SQS, --config may be ElasticMQ's own file; of
                         Service Bus's emulator, what Config.json of the folder it is started in says is made
  --servicebus-config FILE.json
                         make what a file of Service Bus's emulator says exists
  --eventhubs-config FILE.json
                         the same of Event Hubs' emulator
  --insecure             listen on other addresses without credentials configured
"""


CONFIG_JSON: Final = "Config.json"
"""What Service Bus's emulator calls its file."""


class UsageError(Exception):
    """An option that cannot be understood; one line."""


def _port(options: ServeOptions, value: str) -> None:
    name, _, number = value.partition("=")
    if not number.isdecimal():
        raise UsageError(f"--port {value}: expected NAME=N")
    _checked(set_port, options, name, int(number))


def _advertise(options: ServeOptions, value: str) -> None:
    name, _, address = value.partition("=")
    _checked(set_advertised, options, name, address)


def _checked(setter: Callable[..., None], *arguments: object) -> None:
    try:
        setter(*arguments)
    except ConfigError as error:
        raise UsageError(f"--{error}") from error


def _log(options: ServeOptions, value: str) -> None:
    if value not in LOGS:
        raise UsageError(f"--log {value}: expected {' or '.join(LOGS)}")
    options.log = value


def _like(options: ServeOptions, value: str) -> None:
    if value not in LIKES:
        raise UsageError(f"--like {value}: expected {' or '.join(LIKES)}")
    options.like = value


def _set(name: str) -> Callable[[ServeOptions, str], None]:
    return lambda options, value: setattr(options, name, value)


WITH_VALUE: Final[Mapping[str, Callable[[ServeOptions, str], None]]] = {
    "--data": _set("data"),
    "--config": _set("config"),
    "--host": _set("host"),
    "--port": _port,
    "--advertise": _advertise,
    "--ready-file": _set("ready_file"),
    "--log": _log,
    "--like": _like,
    "--servicebus-config": _set("servicebus_config"),
    "--eventhubs-config": _set("eventhubs_config"),
    "--tls-cert": _set("tls_cert"),
    "--tls-key": _set("tls_key"),
    "--tls-ca": _set("tls_ca"),
    "--tls-client-ca": _set("tls_client_ca"),
}
FLAGS: Final[Mapping[str, str]] = {"--memory": "memory", "--insecure": "insecure"}


def read(arguments: list[str]) -> ServeOptions:
    """Options from the file that the command line names, and over them the command line's own.

    Raises UsageError for the command line, ConfigError for the file or for what makes no sense together.
    """
    options = parse(arguments, ServeOptions())
    if options.config:
        options = parse(arguments, _load(options))
    if (
        options.like == "servicebus"
        and not options.servicebus_config
        and Path(CONFIG_JSON).exists()
    ):
        options.servicebus_config = CONFIG_JSON
    if options.servicebus_config:
        from dragoman.app.servicebus import load as load_servicebus  # noqa: PLC0415 - few have one

        options.topology += load_servicebus(options.servicebus_config)
    if options.eventhubs_config:
        from dragoman.app.eventhubs import load as load_eventhubs  # noqa: PLC0415 - few have one

        options.topology += load_eventhubs(options.eventhubs_config)
    check(options)
    return options


def _load(options: ServeOptions) -> ServeOptions:
    """What the file says. Raises ConfigError."""
    if options.like == "elasticmq" and not options.config.endswith(".toml"):
        from dragoman.app.elasticmq import load as load_elasticmq  # noqa: PLC0415

        return load_elasticmq(options.config)
    from dragoman.app.configfile import load  # noqa: PLC0415 - most brokers have no file

    return load(options.config)


def parse(arguments: list[str], options: ServeOptions) -> ServeOptions:
    """Read the command line into `options`. Raises UsageError."""
    rest = iter(arguments)
    for argument in rest:
        name, has_value, value = argument.partition("=")
        if name in FLAGS and not has_value:
            setattr(options, FLAGS[name], True)
        elif name in WITH_VALUE:
            given = value if has_value else next(rest, None)
            if not given:
                raise UsageError(f"{name} needs a value")
            WITH_VALUE[name](options, given)
        elif name in FLAGS:
            raise UsageError(f"{name} takes no value")
        else:
            raise UsageError(f"no option {name}{nearest(name, [*WITH_VALUE, *FLAGS])}")
    return options


def helped() -> None:
    """Run a broker; `dragoman serve --help` tells its options."""
    sys.stdout.write(USAGE)
