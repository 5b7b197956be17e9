"""The operating system's files: the `Disk` port, and the data directory with its lock."""

from dragoman.storage.files.directory import DataDirectory, DirectoryLocked
from dragoman.storage.files.disk import OsDisk

__all__ = ["DataDirectory", "DirectoryLocked", "OsDisk"]
