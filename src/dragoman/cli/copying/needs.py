"""Client libraries are extras: loaded when an address asks for one, and one line says which is missing."""

from importlib import import_module
from typing import Any

from dragoman.cli.errors import CommandError


def library(module: str, extra: str) -> Any:
    """A client library's module. Raises CommandError where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise CommandError(
            f"{extra}:// needs a client library: pip install 'dragoman[copy-{extra}]' ({error})"
        ) from error
