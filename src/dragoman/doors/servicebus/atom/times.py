"""Times as Service Bus's documents have them."""

from datetime import UTC, datetime
from typing import Final

from dragoman.doors.servicebus.atom.fields import NEVER

SECOND_MS: Final = 1_000


def spell_time(wall_ms: int) -> str:
    """In UTC; 0 is never."""
    if not wall_ms:
        return NEVER
    moment = datetime.fromtimestamp(wall_ms // SECOND_MS, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{wall_ms % SECOND_MS:03}Z"
