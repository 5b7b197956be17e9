"""Where a broker on this machine is served: read from its ready file, or where it is by habit."""

import json
from pathlib import Path
from typing import Any

from dragoman.app.config import ServeOptions
from dragoman.app.endpoints import endpoints_of
from dragoman.cli.errors import CommandError


def endpoints(ready_file: Path | None) -> dict[str, dict[str, Any]]:
    """What each protocol's client needs to be told. Raises CommandError."""
    if ready_file is None:
        options = ServeOptions()
        ports = {name: (options.host, port) for name, port in options.ports.items()}
        return {name: end.document for name, end in endpoints_of(ports, options).items()}
    try:
        known: dict[str, dict[str, Any]] = json.loads(ready_file.read_text())["endpoints"]
    except OSError as error:
        raise CommandError(f"{ready_file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{ready_file}: not a ready file of `dragoman serve`") from error
    return known
