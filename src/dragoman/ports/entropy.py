"""Chance and identity as arguments: nothing below the composition root rolls its own dice."""

from typing import Protocol


class Entropy(Protocol):
    """A source of random bytes. Tests seed it, production reads the operating system's."""

    def token(self, size_bytes: int) -> bytes:
        """`size_bytes` unpredictable bytes."""
        ...
