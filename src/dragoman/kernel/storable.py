"""What a command would have written down can be: the settings it carries are asked before anybody decides.

A record that is carried out in part ends the node, so what no record can hold is refused before that,
whichever protocol it came by.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dragoman.model.errors import InvalidArgument
from dragoman.model.storable import UNSTORABLE, are_storable

FIELDS: Final = ("settings", "stream", "binding")
"""Of commands: settings of streams, subscriptions, routes, pumps, rules, bindings; or a stream's name, which fits."""


def settings_of(commands: Iterable[type]) -> Mapping[type, tuple[str, ...]]:
    """Which fields of which commands are settings."""
    found = {
        kind: tuple(name for name in FIELDS if name in getattr(kind, "__struct_fields__", ()))
        for kind in commands
    }
    return {kind: names for kind, names in found.items() if names}


def check_storable(command: Any, names: tuple[str, ...]) -> None:
    """Raises InvalidArgument."""
    for name in names:
        if not are_storable(getattr(command, name)):
            raise InvalidArgument(f"{name}: {UNSTORABLE}")
