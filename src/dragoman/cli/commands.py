"""Every command but `serve`, as a tree. Each is loaded when it is called.

Exit status: 0 done, 1 failed, 2 not understood, 130 interrupted.
"""

import sys
from collections.abc import Mapping
from typing import Final

import dragoman
from dragoman.cli.errors import CommandError

FAILED: Final = 1
USAGE_ERROR: Final = 2
INTERRUPTED: Final = 130
HELP: Final = "One message broker that every client already speaks."
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("dragoman.cli.serve:helped", "Run a broker."),
    "env": ("dragoman.cli.env:env", "Print the variables that point clients at a broker."),
    "snippet": ("dragoman.cli.snippet:snippet", "Print a small program for an official client."),
    "certs": ("dragoman.cli.certs:certs", "Make certificates for development."),
}


def run(arguments: list[str]) -> int:
    """Run a command line; the exit status."""
    from cyclopts import App, CycloptsError  # noqa: PLC0415 - costs more than all of a short command

    app = App(
        name="dragoman", version=dragoman.__version__, help=HELP, result_action="return_value"
    )
    for name, (target, what) in COMMANDS.items():
        app.command(target, name=name, help=what)
    config = App(name="config", help="Configuration files.")
    config.command("dragoman.cli.config:check", name="check", help="Read one without serving.")
    app.command(config)
    try:
        status = app(arguments, exit_on_error=False)
    except CycloptsError:
        return USAGE_ERROR
    except CommandError as error:
        sys.stderr.write(f"dragoman: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    return status if isinstance(status, int) else 0
