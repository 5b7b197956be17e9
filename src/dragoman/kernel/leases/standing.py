"""What a delivery depends on before it may leave the process: it follows from who reads.

    EARLY     nothing: the subscription delivers early, or nothing of its stream is durable
    MESSAGE   its messages, at their stream's level; that they were leased rides along (a crash may under-count a try)
    LEASE     its messages and its leases, both on the disk: readers whose promise a forgotten lease would break

A lease is forgotten when the power goes before its record is on the disk. Then a key is free while somebody still works
on its messages, one that was to come exactly once comes again under a second token, and what nobody will acknowledge is
handed out twice. A reader that settles within a transaction needs no more than MESSAGE: the transaction's frame comes
after its messages' in the one journal, so none is there without the other.
"""

from typing import Final

from dragoman.kernel.settings import SubscriptionSettings

EARLY: Final = 0
MESSAGE: Final = 1
LEASE: Final = 2

ORDERED: Final = frozenset(("key", "session"))


def standing_of(settings: SubscriptionSettings, *, durable: bool) -> int:
    """Of deliveries to readers that acknowledge; `durable` says whether the stream is.

    To deliver early is to give up order across a power cut: a subscription with a key order or exactly-once never does.
    """
    if not durable:
        return EARLY
    if settings.order in ORDERED or settings.exactly_once:
        return LEASE
    if settings.early:
        return EARLY
    return LEASE if settings.single_active else MESSAGE


def without_acks(standing: int) -> int:
    """Of deliveries that are done when they are handed over, where others have `standing`."""
    return LEASE if standing == MESSAGE else standing
