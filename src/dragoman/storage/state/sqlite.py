"""`StateStore` on sqlite3: one SQL table per named table; `sqlite3` reads it while the broker runs.

    CREATE TABLE "name" (key TEXT PRIMARY KEY, value BLOB, crc INTEGER)

`crc` is CRC32C of key and value.

Durability: write-ahead log with synchronous=FULL (a commit is synced before it returns), folded
into the database and emptied after every commit. SQLite takes a damaged write-ahead log for a torn
one and silently drops what is behind the damage; an empty one leaves nothing to drop. Readers
beside us (a person, a backup) never block a commit.

Rot: SQLite checks structure, not content, so every row carries its checksum; `verify` checks both.
A small database is checked whole when it is opened.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, final

from google_crc32c import extend
from google_crc32c import value as crc32c

from dragoman.ports.storage import Corrupt, Failed, Full, VersionUnknown
from dragoman.storage.state.names import check_table

APPLICATION_ID: Final = 0x44524753
"""Tells our databases from others' ("DRGS"); `file` and sqlite show it."""

SCHEMA_VERSION: Final = 1

Migration = Callable[[sqlite3.Connection], None]
"""Brings a database from one schema version to the next, inside one transaction."""

MIGRATIONS: Final[Mapping[int, Migration]] = {}
"""From version -> how to get to version + 1."""

BUSY_MS: Final = 5_000
"""How long a commit waits for another writer (a person's), before it fails."""

SCAN_ROWS_MAX: Final = 1_000
"""Rows fetched at once, so that a slow reader holds no lock and no transaction."""

CHECK_ON_OPEN_BYTES_MAX: Final = 64 * 1024 * 1024
"""A larger database is not read whole at every start: its rows are checked as they are read."""

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FOLD_LATER: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY_MASK: Final = 0xFF
"""sqlite's extended codes carry the primary one in their low byte."""


@final
class SqliteState:
    """The `StateStore` port on one database file.

    Safe to call from several threads, one at a time inside.
    """

    def __init__(
        self,
        path: str,
        *,
        version: int = SCHEMA_VERSION,
        migrations: Mapping[int, Migration] = MIGRATIONS,
    ) -> None:
        """Opens or makes the database, and migrates an older one.

        Raises Corrupt, VersionUnknown, Full, Failed.
        """
        self._lock = threading.Lock()
        self._failure: str | None = None
        self._path = path
        self._tables: set[str] = set()
        self._connection: sqlite3.Connection | None = None
        with self._translated():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
            )
        self._connection.text_factory = _text
        try:
            with self._session() as connection:
                self._set_up(connection, version, migrations)
        except BaseException:
            self.close()
            raise

    def scan(
        self, table: str, start: str = "", end: str | None = None
    ) -> Iterator[tuple[str, bytes]]:
        """See `StateStore.scan`.

        Rows committed while it runs may or may not be seen, each whole.
        """
        return self._scan(check_table(table), start, end)

    def get(self, table: str, key: str) -> bytes | None:
        """See `StateStore.get`."""
        with self._session() as connection:
            if check_table(table) not in self._tables:
                return None
            row = connection.execute(
                f'SELECT key, value, crc FROM "{table}" WHERE key = ?',  # noqa: S608 - name checked
                (key,),
            ).fetchone()
        return None if row is None else self._checked(table, row)[1]

    def commit(self, changes: Sequence[tuple[str, str, bytes | None]]) -> None:
        """See `StateStore.commit`."""
        if not changes:
            return
        tables = {check_table(table) for table, _, _ in changes}
        with self._session() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for table in sorted(tables - self._tables):
                    _create_table(connection, table)
                for table, key, value in changes:
                    _change(connection, table, key, value)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._tables |= tables
            self._fold(connection)

    def verify(self) -> None:
        """Read everything: check SQLite's structure, and every row's checksum.

        Raises Corrupt, Failed.
        """
        with self._session() as connection:
            _check_structure(connection)
            tables = sorted(self._tables)
        for table in tables:
            for _ in self._scan(table, "", None):
                pass

    def close(self) -> None:
        """Let go of the database; every commit is durable already."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _set_up(
        self, connection: sqlite3.Connection, version: int, migrations: Mapping[int, Migration]
    ) -> None:
        found = _pragma(connection, "user_version")
        mine = _pragma(connection, "application_id") == APPLICATION_ID
        if not mine and _pragma(connection, "schema_version"):
            raise VersionUnknown(f"{self._path} is a database, but not one of ours")
        if found > version:
            raise VersionUnknown(f"{self._path} has schema {found}; this release knows {version}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute(
            "PRAGMA cell_size_check = ON"
        )  # rot in a page is an error, never a guess
        if mine:
            self._check_small(connection)
            _migrate(connection, found, version, migrations)
        else:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {version}")
        self._fold(connection)
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        self._tables = {name for (name,) in rows if not name.startswith("sqlite_")}

    def _check_small(self, connection: sqlite3.Connection) -> None:
        size_bytes = _pragma(connection, "page_count") * _pragma(connection, "page_size")
        if size_bytes <= CHECK_ON_OPEN_BYTES_MAX:
            _check_structure(connection)

    def _scan(self, table: str, start: str, end: str | None) -> Iterator[tuple[str, bytes]]:
        after = ">="
        while True:
            rows = self._rows(table, after, start, end)
            for row in rows:
                yield self._checked(table, row)
            if len(rows) < SCAN_ROWS_MAX:
                return
            after, start = ">", rows[-1][0]

    def _rows(
        self, table: str, after: str, start: str, end: str | None
    ) -> list[tuple[str, object, int]]:
        bound, arguments = ("", [start]) if end is None else (" AND key < ?", [start, end])
        query = (
            f'SELECT key, value, crc FROM "{table}" WHERE key {after} ?{bound} '  # noqa: S608
            f"ORDER BY key LIMIT {SCAN_ROWS_MAX}"
        )
        with self._session() as connection:
            if table not in self._tables:
                return []
            return connection.execute(query, arguments).fetchall()

    def _checked(self, table: str, row: tuple[str, object, int]) -> tuple[str, bytes]:
        key, value, crc = row
        if not isinstance(value, bytes) or crc != _checksum(key, value):
            raise Corrupt(f"{self._path}: the row {key!r} of {table} has changed")
        return key, value

    def _fold(self, connection: sqlite3.Connection) -> None:
        """Empty the write-ahead log into the database.

        A reader or a full disk may delay that to a later commit.
        """
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except sqlite3.OperationalError as error:
            if _code(error) not in _FOLD_LATER:
                raise
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time."""
        with self._lock:
            if self._failure is not None:
                raise Failed(f"{self._path} has failed before: {self._failure}")
            if self._connection is None:
                raise Failed(f"{self._path} is closed")
            with self._translated():
                yield self._connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Sqlite's errors become the port's; one that is neither room nor rot is for good."""
        try:
            yield
        except sqlite3.Error as error:
            code = _code(error)
            if code == sqlite3.SQLITE_FULL:
                raise Full(f"{self._path}: {error}") from error
            if code in _CORRUPT:
                raise Corrupt(f"{self._path}: {error}") from error
            self._failure = str(error)
            raise Failed(f"{self._path}: {error}") from error


def _code(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return code & _PRIMARY_MASK


def _text(stored: bytes) -> str:
    """Keys that rot has made unreadable are told by their checksum, not by a decoder."""
    return stored.decode(errors="surrogateescape")


def _checksum(key: str, value: bytes) -> int:
    checksum: int = extend(crc32c(key.encode(errors="surrogateescape")), value)
    return checksum


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    (number,) = connection.execute(f"PRAGMA {name}").fetchone()
    return int(number)


def _create_table(connection: sqlite3.Connection, table: str) -> None:
    connection.execute(
        f'CREATE TABLE IF NOT EXISTS "{table}" '
        "(key TEXT PRIMARY KEY, value BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID"
    )


def _change(connection: sqlite3.Connection, table: str, key: str, value: bytes | None) -> None:
    if value is None:
        connection.execute(f'DELETE FROM "{table}" WHERE key = ?', (key,))  # noqa: S608 - checked
        return
    connection.execute(
        f'INSERT INTO "{table}" (key, value, crc) VALUES (?1, ?2, ?3) '  # noqa: S608 - checked
        "ON CONFLICT (key) DO UPDATE SET value = ?2, crc = ?3",
        (key, value, _checksum(key, value)),
    )


def _check_structure(connection: sqlite3.Connection) -> None:
    (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if answer != "ok":
        raise Corrupt(f"the state database is damaged: {answer}")


def _migrate(
    connection: sqlite3.Connection, found: int, version: int, migrations: Mapping[int, Migration]
) -> None:
    """Step by step, a transaction each; after a crash it goes on from the last one done."""
    while found < version:
        if found not in migrations:
            raise VersionUnknown(f"no way from schema {found} to {found + 1}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrations[found](connection)
            connection.execute(f"PRAGMA user_version = {found + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        found += 1
