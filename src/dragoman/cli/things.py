"""What queues, streams, routes and pumps have in common: finding one by its name, and saying what is not there."""

from collections.abc import Callable
from typing import Any, TypeVar

from dragoman.app.config import nearest
from dragoman.cli.api import Api, Refused, path_of
from dragoman.cli.errors import NOT_FOUND, CommandError

T = TypeVar("T")


def place(api: Api, kind: str, name: str, *more: str) -> str:
    """The path of a thing; `kind` is a plural."""
    return path_of(kind, api.where.namespace, name, *more)


def named(api: Api, kind: str, name: str, ask: Callable[[], T]) -> T:
    """Ask about a thing of that name; if there is none, say which name is near. Raises CommandError."""
    try:
        return ask()
    except Refused as error:
        if error.status != NOT_FOUND:
            raise
        names = [item["name"] for item in _all(api, kind)]
        if name in names:
            raise
        one = kind.removesuffix("s")
        raise CommandError(
            f"no {one} {name} in {api.where.namespace}{nearest(name, names)}", NOT_FOUND
        ) from error


def _all(api: Api, kind: str) -> Any:
    namespace = api.where.namespace
    if kind in ("pumps", "rules"):
        return api.get(f"/{kind}", namespace=namespace)["items"]
    return api.pages(f"/{kind}", namespace=namespace)
