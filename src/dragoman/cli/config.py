"""`dragoman config check FILE`: read a configuration as `serve` would, and try what it declares on an empty kernel."""

import sys
from pathlib import Path

from dragoman.app.config import ConfigError
from dragoman.app.config import check as check_together
from dragoman.app.configfile import load
from dragoman.app.topology import rehearse
from dragoman.cli.errors import CommandError


def check(file: Path) -> int:
    """Say whether `dragoman serve --config FILE` would take the file.

    Args:
        file: The TOML file.
    """
    try:
        options = load(str(file))
        check_together(options)
    except ConfigError as error:
        raise CommandError(str(error)) from error
    problems = rehearse(options.topology, options.eventgrid)
    if problems:
        raise CommandError("\n".join(f"{file}: {problem}" for problem in problems))
    count = len(options.topology) + len(options.eventgrid)
    sys.stdout.write(f"{file}: fine, {count} entities\n")
    return 0
