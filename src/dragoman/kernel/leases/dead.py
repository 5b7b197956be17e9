"""Dead-lettering: messages that a subscription gives up go to its dead-letter address, in the same atomic set.

Where there is no address, or it leads nowhere, or the message goes in a circle that no reader broke, it is dropped.
The stored bytes of the history (x-death and its like) are the formats' business.
"""

from typing import Final, NamedTuple

from dragoman.kernel.draft import Pending
from dragoman.kernel.entities import Subscription
from dragoman.kernel.leases.revising import stored_messages, with_headers
from dragoman.kernel.leases.states import LEASED
from dragoman.kernel.publish import death_of, decide_death
from dragoman.kernel.records import Record, Runs
from dragoman.kernel.state import State


class Last(NamedTuple):
    """What their last reader said of messages: a text, and headers that are to be set on them."""

    text: str = ""
    headers: dict[str, object] | None = None


NOTHING_SAID: Final = Last()
UNTOUCHED: Final = frozenset(("expired", "maxlen"))
"""No reader had a hand in it: pumps that carry the message on from its dead-letter address go on counting."""


def dead_letters(
    state: State,
    subscription: Subscription,
    partition_index: int,
    runs: Runs,
    reason: str,
    now_ms: int,
    pending: Pending | None = None,
    said: Last = NOTHING_SAID,
) -> list[Record]:
    """Records that publish the messages of `runs` to the dead-letter address. Raises Needs."""
    settings = subscription.settings
    if settings.dead_letter is None or (reason == "expired" and not settings.dead_letter_expired):
        state.given_up.record(reason, sum(end - start for start, end in runs), lettered=0)
        return []
    partition = subscription.stream.partitions[partition_index]
    records: list[Record] = []
    count = lettered_count = 0
    pending = pending or Pending()
    window = subscription.windows[partition_index]
    for offset, format_, body, block in stored_messages(state, partition, window, runs):
        death = death_of(subscription, reason, now_ms)
        death.text = said.text
        death.stored_ms = block.stored_at(offset)
        death.attempts = window.tried(offset)
        if window.state(offset) == LEASED:
            death.attempts += 1
            death.tried_ms = now_ms
        if said.headers:
            format_, body = with_headers(state, format_, body, said.headers)  # noqa: PLW2901
        came = block.hops if reason in UNTOUCHED else 0
        lettered = decide_death(state, subscription, format_, body, death, pending, came)
        records += lettered
        count += 1
        lettered_count += bool(lettered)
    state.given_up.record(reason, count, lettered=lettered_count)
    return records
