"""Segments over a `Disk`: see `store.py`."""

from dragoman.storage.segments.store import SegmentStore

__all__ = ["SegmentStore"]
