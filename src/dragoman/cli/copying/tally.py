"""The counts of a copy, and what they must come to.

read = written + filtered + dropped
read is all that the source said it had, where it can say        the destination grew by what was written, or more
"""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Tally:
    """Messages, and bytes as a broker stores them. `dropped` ones were bad, and `--bad drop` said so."""

    read: int = 0
    written: int = 0
    filtered: int = 0
    dropped: int = 0
    bytes: int = 0
    expected: int | None = None
    arrived: int | None = None  # by how much the destination grew, where it can count

    def document(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)

    def problems(self, *, whole: bool) -> list[str]:
        """What does not come out; of a copy that was cut short on purpose not whether it read all."""
        found: list[str] = []
        accounted = self.written + self.filtered + self.dropped
        if accounted != self.read:
            found.append(f"{self.read} read, but {accounted} written, filtered or dropped")
        if whole and self.expected is not None and self.read < self.expected:
            found.append(f"the source had {self.expected}, but {self.read} were read")
        if self.arrived is not None and self.arrived < self.written:
            found.append(f"{self.written} written, but the destination grew by {self.arrived}")
        return found
