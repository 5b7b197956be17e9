"""Settings as JSON: the kernel's own structs by their own names, all of them spelled out; `level` is a word.

What only one door or one session understands is not shown and cannot be given. A change names only what changes.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from dragoman.kernel.api import PumpSettings, RouteSettings, StreamSettings, SubscriptionSettings
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import LEVELS

HIDDEN: Final = frozenset(
    {"notes", "exclusive", "aliases", "group", "laned", "message_schema"}
)  # a door's own; a session's own; names; share groups' own; the kernel's own; a door's own
KINDS: Final = (StreamSettings, SubscriptionSettings, RouteSettings, PumpSettings)

S = TypeVar("S", bound=msgspec.Struct)


def offered(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Names of the options that are shown and may be given."""
    return tuple(name for name in kind.__struct_fields__ if name not in HIDDEN)


def shown(settings: msgspec.Struct) -> dict[str, Any]:
    """All options with their values."""
    found = {name: msgspec.to_builtins(getattr(settings, name)) for name in offered(type(settings))}
    if isinstance(settings, StreamSettings):
        found["level"] = next(word for word, level in LEVELS.items() if level == settings.level)
    return found


def changed(settings: S, given: Mapping[str, Any]) -> S:
    """`settings` with what was given in place of what was. Raises InvalidArgument."""
    kind = type(settings)
    unknown = set(given) - set(offered(kind))
    if unknown:
        known = ", ".join(offered(kind))
        raise InvalidArgument(f"no option {min(unknown)}; there are {known}")
    values = dict(given)
    if kind is StreamSettings and "level" in values:
        level = LEVELS.get(values["level"]) if isinstance(values["level"], str) else None
        if level is None:
            raise InvalidArgument(f"level is one of {', '.join(LEVELS)}")
        values["level"] = level
    now = {name: getattr(settings, name) for name in kind.__struct_fields__}
    try:
        return msgspec.convert({**now, **values}, kind)
    except msgspec.ValidationError as error:
        raise InvalidArgument(f"settings: {error}") from error
