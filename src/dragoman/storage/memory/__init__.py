"""The three storage ports in memory, gone with the process: for `serve --memory` and tests.

One object outlives `close` and may be opened again, so that a test may reopen what it closed.
"""

from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState

__all__ = ["MemoryLog", "MemorySegments", "MemoryState"]
