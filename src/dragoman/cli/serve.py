"""`dragoman serve`: its options, read from a table. No library is loaded, so that a broker starts at once."""

import difflib
from collections.abc import Callable, Mapping
from typing import Final

from dragoman.app.config import ServeOptions

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
  --insecure             listen on other addresses without credentials configured
"""


class UsageError(Exception):
    """An option that cannot be understood; one line."""


def _port(options: ServeOptions, value: str) -> None:
    name, _, number = value.partition("=")
    if not number.isdigit() or int(number) > 65_535:
        raise UsageError(f"--port {value}: expected NAME=N with N from 0 to 65535")
    if name == "all":
        options.ports = dict.fromkeys(options.ports, int(number))
        options.one_port = True
        return
    if name not in options.ports:
        raise UsageError(
            f"--port {value}: no protocol {name}{nearest(name, [*options.ports, 'all'])}"
        )
    options.ports[name] = int(number)


def _advertise(options: ServeOptions, value: str) -> None:
    name, _, address = value.partition("=")
    host, _, number = address.rpartition(":")
    if not host or not number.isdigit():
        raise UsageError(f"--advertise {value}: expected NAME=HOST:PORT")
    if name not in options.ports:
        raise UsageError(
            f"--advertise {value}: no protocol {name}{nearest(name, list(options.ports))}"
        )
    options.advertise[name] = (host, int(number))


def _log(options: ServeOptions, value: str) -> None:
    if value not in {"text", "json"}:
        raise UsageError(f"--log {value}: text or json")
    options.log = value


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
    "--tls-cert": _set("tls_cert"),
    "--tls-key": _set("tls_key"),
}
FLAGS: Final[Mapping[str, str]] = {"--memory": "memory", "--insecure": "insecure"}


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean X?`, or nothing."""
    close = difflib.get_close_matches(word, known, 1, 0.5)
    return f"; did you mean {close[0]}?" if close else f" (there are {', '.join(known)})"


def parse(arguments: list[str], options: ServeOptions) -> ServeOptions:
    """Read the command line into `options`. Raises UsageError."""
    rest = iter(arguments)
    for argument in rest:
        name, has_value, value = argument.partition("=")
        if name in FLAGS and not has_value:
            setattr(options, FLAGS[name], True)
        elif name in WITH_VALUE:
            given = value if has_value else next(rest, None)
            if given is None:
                raise UsageError(f"{name} needs a value")
            WITH_VALUE[name](options, given)
        else:
            raise UsageError(f"no option {name}{nearest(name, [*WITH_VALUE, *FLAGS])}")
    return options
