"""What the methods of a broker's Pub/Sub share: where subscriptions are, what they ask for, the key of ack ids,
what topics with a schema take.
"""

from typing import Final

from dragoman.doors.pubsub.finding import Found, Locations
from dragoman.doors.pubsub.guarding import Guards
from dragoman.doors.pubsub.traits import Traits
from dragoman.doors.shared.receipts import Receipts
from dragoman.formats.schemas.languages import Languages
from dragoman.kernel.api import SubscriptionSettings

KNOWN_MAX: Final = 4_096


class Standing:
    """See the module. Traits are remembered as long as the settings are the same object."""

    __slots__ = ("_known", "guards", "languages", "locations", "receipts")

    def __init__(self) -> None:
        self.locations = Locations()
        self.receipts = Receipts()
        self.languages = Languages()
        self.guards = Guards(self.languages)
        self._known: dict[int, tuple[SubscriptionSettings, Traits]] = {}

    def traits_of(self, found: Found) -> Traits:
        """What is asked for."""
        head = found.head
        known = self._known.get(head.id)
        if known is not None and known[0] is head.settings:
            return known[1]
        if len(self._known) >= KNOWN_MAX:
            self._known.clear()
        traits = Traits(head.settings)
        self._known[head.id] = (head.settings, traits)
        return traits
