"""When a message expires for a subscription: the sooner of its own expiry and the subscription's time to live."""

from dragoman.kernel.block import Block
from dragoman.kernel.entities import Subscription


def expiry_ms(subscription: Subscription, block: Block, offset: int) -> int:
    """Wall time at which the message expires for this subscription; 0 never."""
    ttl = subscription.settings.ttl_ms
    expires = block.stored_at(offset) + ttl if ttl >= 0 else 0
    if block.expires_ms is not None:
        own = block.expires_ms[offset - block.offset]
        if own and (not expires or own < expires):
            return own
    return expires


def soonest_ms(subscription: Subscription, block: Block) -> int:
    """Wall time at which the first message of `block` expires, wherever it stands; 0 never."""
    ttl = subscription.settings.ttl_ms
    stored = block.stored_ms if block.stored is None else min(block.stored)
    soonest = stored + ttl if ttl >= 0 else 0
    if block.expires_ms is not None:
        own = min(block.expires_ms) or min(filter(None, block.expires_ms), default=0)
        if own and (not soonest or own < soonest):
            return own
    return soonest
