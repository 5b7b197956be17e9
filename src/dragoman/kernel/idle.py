"""Which queues are to be looked at for having been unused, and when. See `unused` for what becomes of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.kernel.entities import Subscription
    from dragoman.kernel.state import State


class Idle:
    """Which queues are to be looked at, and when."""

    __slots__ = ("deadlines", "fresh")

    def __init__(self) -> None:
        self.fresh: list[int] = []  # subscriptions to be given a deadline by the next sweep
        self.deadlines: list[tuple[int, int]] = []  # heap: (elapsed ms, subscription)


def watch(state: "State", subscription: "Subscription") -> None:
    """The queue may be unused from now on."""
    if subscription.settings.idle_ms > 0:
        state.idle.fresh.append(subscription.id)
        state.stirred = True
