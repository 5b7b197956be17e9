"""What every kind of route can do. A kind holds bindings in the shape that makes its look-up cheap.

    check    may this be bound?         before anything changes
    insert   one more binding           its identity is new: `route.Route` has seen to that
    remove   one binding less           it is one of those inserted
    match    bindings for a message     oldest first; a target may come more than once

What a match depends on is said by the kind, so that its result can be kept by key when nothing else mattered.
"""

from typing import ClassVar

from dragoman.kernel.routes.binding import Arguments, Binding, Bindings
from dragoman.ports.translator import FieldSource


class Matcher:
    """An interface, without behaviour of its own."""

    __slots__ = ()

    by_key: ClassVar[bool] = False
    """The key picks among the bindings: further keys of a message (CC) may pick others."""

    by_chance: ClassVar[bool] = False
    """The salt decides."""

    def needs_fields(self) -> bool:
        """Whether a match, with the bindings as they are, reads the message's fields."""
        return False

    def check(self, key: str, arguments: Arguments) -> None:
        """Raises InvalidArgument when nothing can be bound with these."""

    def insert(self, binding: Binding) -> None:
        """Take one binding more."""
        raise NotImplementedError

    def remove(self, binding: Binding) -> None:
        """Take it away."""
        raise NotImplementedError

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        """The bindings that a message with this key goes by. `fields` may be None when `needs_fields` is false; `salt`
        is any number from 0, evenly spread, new for each message.
        """
        raise NotImplementedError
