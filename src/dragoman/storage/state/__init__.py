"""State on the standard library's sqlite3: see `sqlite.py`."""

from dragoman.storage.state.sqlite import SqliteState

__all__ = ["SqliteState"]
