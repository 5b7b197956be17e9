"""The `dragoman` command. `serve` loads only what serving needs; every other command is loaded when called."""

import sys
from typing import Final

import dragoman

USAGE_ERROR: Final = 2


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
    from dragoman.app.config import ConfigError  # noqa: PLC0415
    from dragoman.cli.serve import USAGE, UsageError, read  # noqa: PLC0415

    if "--help" in arguments or "-h" in arguments:
        sys.stdout.write(USAGE)
        return 0
    try:
        options = read(arguments)
    except (UsageError, ConfigError) as error:
        sys.stderr.writelines(f"dragoman: {line}\n" for line in str(error).splitlines())
        return USAGE_ERROR
    from dragoman.app.serve import serve  # noqa: PLC0415

    return serve(options)
