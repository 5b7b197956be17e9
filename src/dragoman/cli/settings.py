"""Settings on a command line: `--set NAME=VALUE`, several times; JSON where it is JSON, else text.

    --set ttl_ms=60000 --set dead_letter=dead --set 'filter={"x-match": "any", "kind": "order"}'

An address (`dead_letter`) may be just a name; `null` takes a setting away.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from dragoman.app.config import nearest
from dragoman.cli.errors import CommandError
from dragoman.console.admin.options import offered
from dragoman.kernel.settings import Address

ADDRESSES: Final = frozenset({"dead_letter"})


def settings_of(pairs: Iterable[str], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Settings of a struct's names. Raises CommandError with the nearest right one."""
    found: dict[str, Any] = {}
    known = offered(kind)
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.replace("-", "_")
        if not equals:
            raise CommandError(f"--set {pair}: expected NAME=VALUE")
        if name not in known:
            raise CommandError(f"no setting {name}{nearest(name, known)}")
        value = value_of(text)
        if name in ADDRESSES and isinstance(value, str):
            value = msgspec.to_builtins(Address(value))
        found[name] = value
    return found


def value_of(text: str) -> Any:
    """JSON, or the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
