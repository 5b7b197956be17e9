"""What generic clients are shown, and what their outcomes mean.

accepted                        done
rejected                        never again here: dead-lettered, where the queue says so
released                        ready again at its place, as if it had not been handed over
modified, delivery-failed       ready again, one attempt used
modified, undeliverable-here    as rejected
settled without an outcome      as released: nothing is lost by it
"""

from collections.abc import Sequence
from typing import Final

from dragoman.doors.shared.amqp10.profile import Handout, Verdict
from dragoman.doors.shared.amqp10.showing import show
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.messaging import (
    Accepted,
    DeliveryState,
    Modified,
    Rejected,
    Released,
)
from dragoman.wire.amqp10.values import Symbol

OFFSET: Final = encode(Symbol("x-stream-offset"))
DONE: Final = Verdict("ack")
AGAIN: Final = Verdict("release")
FAILED: Final = Verdict("release", failed=True, delay_ms=-1)


class GenericSpelling:
    """See `profile.Spelling`. One that `tells_offsets` is a stream's."""

    gives_back = True

    def __init__(self, *, tells_offsets: bool) -> None:
        self._tells_offsets = tells_offsets

    def spell(self, handout: Handout) -> Sequence[bytes]:
        """See `profile.Spelling`."""
        if self._tells_offsets:
            return [
                show(entry, 0, OFFSET + encode(offset), 2)
                for offset, entry in enumerate(handout.entries, handout.start)
            ]
        fails = handout.fails or [0] * len(handout.entries)
        return [show(entry, failed) for entry, failed in zip(handout.entries, fails, strict=False)]

    def tags(self, handout: Handout) -> Sequence[bytes] | None:
        """See `profile.Spelling`."""
        return None

    def judge(self, state: DeliveryState) -> Verdict | None:
        """See `profile.Spelling`."""
        match state:
            case Accepted():
                return DONE
            case Rejected():
                return Verdict("reject", text=_text(state.error))
            case Modified(undeliverable_here=True):
                return Verdict("reject")
            case Modified(delivery_failed=True):
                return FAILED
            case Modified() | Released() | None:
                return AGAIN
            case _:
                return None

    def echo(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`."""
        return state

    def lost(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`: what is gone is as it is."""
        return state


def _text(error: object) -> str:
    if not isinstance(error, Error):
        return ""
    return (
        error.condition if error.description is None else f"{error.condition}\n{error.description}"
    )
