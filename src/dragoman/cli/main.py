"""The `dragoman` command. `serve` loads only what serving needs; every other command is loaded when called."""

import sys
from typing import Final

import dragoman

COMMANDS: Final = ("serve", "config", "env", "snippet", "certs")


def main() -> int:
    """Run the command line; the exit status."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] == "serve":
        return _serve(arguments[1:])
    if arguments == ["--version"]:
        from dragoman.app.build import build  # noqa: PLC0415

        sys.stdout.write(f"dragoman {dragoman.__version__} ({build()})\n")
        return 0
    from dragoman.cli.commands import run  # noqa: PLC0415 - help and rare commands load a library

    return run(arguments)


def _serve(arguments: list[str]) -> int:
    from dragoman.app.config import ServeOptions  # noqa: PLC0415
    from dragoman.cli.serve import USAGE, UsageError, parse  # noqa: PLC0415

    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(USAGE)
        return 0
    try:
        options = parse(arguments, ServeOptions())
    except UsageError as error:
        sys.stderr.write(f"dragoman: {error}\n")
        return 2
    from dragoman.app.serve import serve  # noqa: PLC0415

    return serve(options)
