"""Time as an argument.

Two clocks, never mixed: *elapsed* time measures leases, backoff and idleness and never jumps; *wall* time names
moments that people and other machines agree on (schedules, expiry, message timestamps) and may be stepped.
"""

from typing import Protocol


class Clock(Protocol):
    """Where the broker reads time. Simulations and tests advance their own."""

    def elapsed_ms(self) -> int:
        """Milliseconds since an arbitrary start; never goes back."""
        ...

    def wall_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z; may step either way."""
        ...
