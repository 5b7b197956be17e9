"""What this broker calls its features, and how far each is finalised; UpdateFeatures changes none of them.

A client of Kafka 4 goes by `transaction.version`: with 2 every end of a transaction has its own epoch, and partitions
need not be added before they are written to (KIP-890).
"""

from collections.abc import Mapping
from typing import Any, Final

Message = dict[str, Any]

EPOCH: Final = 1  # of what is finalised: it never changes

FEATURES: Final[Mapping[str, tuple[int, int]]] = {
    "group.version": (0, 1),
    "transaction.version": (0, 2),
}
"""Lowest and highest level; the highest is finalised."""


def features() -> Message:
    """What ApiVersions says of them."""
    return {
        "supported_features": [
            {"name": name, "min_version": low, "max_version": high}
            for name, (low, high) in FEATURES.items()
        ],
        "finalized_features_epoch": EPOCH,
        "finalized_features": [
            {"name": name, "max_version_level": high, "min_version_level": high}
            for name, (_, high) in FEATURES.items()
        ],
    }
