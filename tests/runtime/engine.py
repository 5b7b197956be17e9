"""The memory engine's parts, kept from one life of a node to the next."""

from tests.runtime.node import TestNode

from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState


class Engine:
    """Start a node on it, drop it as a crash would, and start the next."""

    def __init__(self) -> None:
        self.log, self.segments, self.state = MemoryLog(), MemorySegments(), MemoryState()

    def start(self) -> TestNode:
        """A new life on what the last one left."""
        return TestNode(self.log, self.segments, self.state)
