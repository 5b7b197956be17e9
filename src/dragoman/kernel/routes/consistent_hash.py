"""Consistent hash: each message to one binding, messages alike to the same, in proportion to the bindings' weights.

The binding's key is its weight, an integer from 1. Weighted rendezvous hashing: each binding draws a number from (its
own seed, the message's hash) and the highest draw wins,

    u = mix(seed ^ hash), as a fraction        draw = weight / -log(u)

so that shares are proportional to weights, and a binding that comes or goes moves only the messages it wins or held:
no other binding's messages move among them. The seed is made of the target's repr, which has to be the same after a
restart; so of two bindings to one target the heavier counts. A match costs one draw per binding: use some tens of
them, not thousands.
"""

from math import log
from typing import Final

from dragoman.kernel.filters.nodes import Field
from dragoman.kernel.routes.binding import NO_BINDINGS, Arguments, Binding, Bindings
from dragoman.kernel.routes.hashing import bytes_of, hash_of, message_hash, mix
from dragoman.kernel.routes.matcher import Matcher
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource

WEIGHT_MAX: Final = 1_000_000
_WEIGHT_DIGITS_MAX: Final = len(str(WEIGHT_MAX))
_DRAW_BITS: Final = 52  # so that (n + 0.5) / 2^52 is exact, and never 0 or 1
_UNUSED_BITS: Final = 64 - _DRAW_BITS
_SPACE: Final = float(1 << _DRAW_BITS)


def weight_of(key: str) -> int:
    """Raises InvalidArgument unless the key is an integer from 1 to WEIGHT_MAX."""
    if len(key) <= _WEIGHT_DIGITS_MAX and key.isascii() and key.isdigit():
        weight = int(key)
        if 0 < weight <= WEIGHT_MAX:
            return weight
    raise InvalidArgument(f"the binding key is a weight, 1 to {WEIGHT_MAX}, not {key!r:.80}")


class _Seat:
    """A binding that draws. Its seed stays when its weight changes."""

    __slots__ = ("binding", "seed", "weight")

    def __init__(self, binding: Binding) -> None:
        self.binding = binding
        self.weight = float(weight_of(binding.key))
        self.seed = hash_of(bytes_of(binding.target))


class ConsistentHash(Matcher):
    """Bindings by weight. `on`: the header or attribute that places a message; its key when None."""

    __slots__ = ("_on", "_seats")

    def __init__(self, on: Field | None = None) -> None:
        self._on = on
        self._seats: dict[int, _Seat] = {}

    def needs_fields(self) -> bool:
        return self._on is not None and len(self._seats) > 1

    def check(self, key: str, arguments: Arguments) -> None:
        weight_of(key)

    def insert(self, binding: Binding) -> None:
        self._seats[binding.order] = _Seat(binding)

    def remove(self, binding: Binding) -> None:
        del self._seats[binding.order]

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        if len(self._seats) < 2:
            return tuple([seat.binding for seat in self._seats.values()])
        placed = message_hash(self._on, key, fields)
        winner: Binding | None = None
        highest = -1.0
        for seat in self._seats.values():
            draw = seat.weight / -log(((mix(seat.seed ^ placed) >> _UNUSED_BITS) + 0.5) / _SPACE)
            if draw > highest:
                highest = draw
                winner = seat.binding
        return NO_BINDINGS if winner is None else (winner,)
