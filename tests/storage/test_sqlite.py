"""The state store on sqlite3 beyond the port: rot, versions, migration, room, a person beside it."""

import random
import sqlite3
from pathlib import Path

import pytest

from dragoman.ports.storage import Corrupt, Failed, Full, StorageError, VersionUnknown
from dragoman.storage.state import SqliteState, sqlite


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.db")


def rows(count: int, size: int = 50) -> list[tuple[str, str, bytes | None]]:
    chance = random.Random(count)
    return [("streams", f"stream/{n:04d}", chance.randbytes(size)) for n in range(count)]


def test_a_person_can_read_it_while_it_runs(path: str) -> None:
    state = SqliteState(path)
    state.commit([("streams", "orders", b"a value")])
    person = sqlite3.connect(path)
    person.execute("BEGIN")
    assert person.execute("SELECT key, value FROM streams").fetchall() == [("orders", b"a value")]
    state.commit([("streams", "orders", b"changed while somebody reads")])
    person.rollback()
    assert person.execute("SELECT value FROM streams").fetchone() == (
        b"changed while somebody reads",
    )
    person.close()
    state.close()


def test_nothing_of_a_commit_stays_behind_in_the_write_ahead_log(path: str) -> None:
    state = SqliteState(path)
    state.commit(rows(100))
    assert Path(path + "-wal").stat().st_size == 0
    state.close()


def test_every_commit_is_synced(path: str) -> None:
    state = SqliteState(path)
    with state._session() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    state.close()


def test_a_commit_is_durable_without_a_close(path: str) -> None:
    state = SqliteState(path)
    state.commit([("t", "k", b"v")])
    other = SqliteState(path)
    assert other.get("t", "k") == b"v"
    other.close()
    state.close()


def test_rot_is_refused_or_changes_nothing(path: str) -> None:
    state = SqliteState(path)
    changes = rows(300)
    state.commit(changes)
    state.close()
    expected = [(key, value) for _, key, value in changes]
    sound = Path(path).read_bytes()
    chance = random.Random(1)
    refused = 0
    for _ in range(150):
        rotten = bytearray(sound)
        bit = chance.randrange(len(sound) * 8)
        rotten[bit // 8] ^= 1 << bit % 8
        Path(path).write_bytes(rotten)
        try:
            state = SqliteState(path)
        except StorageError:
            refused += 1
            continue
        try:
            state.verify()
            assert list(state.scan("streams")) == expected
        except Corrupt:
            refused += 1
        finally:
            state.close()
    assert refused > 75


def test_a_changed_row_is_noticed_when_it_is_read(path: str) -> None:
    state = SqliteState(path)
    state.commit([("t", "k", b"value"), ("t", "other", b"fine")])
    with sqlite3.connect(path) as person:
        person.execute("UPDATE t SET value = ? WHERE key = 'k'", (b"valuf",))
    person.close()
    assert state.get("t", "other") == b"fine"
    with pytest.raises(Corrupt, match="'k' of t has changed"):
        state.get("t", "k")
    with pytest.raises(Corrupt):
        list(state.scan("t"))
    with pytest.raises(Corrupt):
        state.verify()
    state.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: str) -> None:
    Path(path).write_bytes(b"not a database at all, but somebody's notes" * 100)
    with pytest.raises(Corrupt):
        SqliteState(path)
    assert Path(path).read_bytes().startswith(b"not a database")


def test_a_database_of_somebody_else_is_refused_and_left_alone(path: str) -> None:
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE songs (title TEXT)")
    theirs.close()
    before = Path(path).read_bytes()
    with pytest.raises(VersionUnknown, match="not one of ours"):
        SqliteState(path)
    assert Path(path).read_bytes() == before


def test_a_later_schema_is_refused(path: str) -> None:
    SqliteState(path, version=7).close()
    with pytest.raises(VersionUnknown, match="schema 7"):
        SqliteState(path)


def test_an_older_schema_is_migrated_step_by_step(path: str) -> None:
    state = SqliteState(path, version=1)
    state.commit([("t", "k", b"v")])
    state.close()
    steps: list[int] = []

    def step(number: int) -> sqlite.Migration:
        def migrate(connection: sqlite3.Connection) -> None:
            connection.execute(f"CREATE TABLE migrated_{number} (x)")
            steps.append(number)

        return migrate

    for _ in range(2):
        state = SqliteState(path, version=3, migrations={1: step(1), 2: step(2)})
        assert state.get("t", "k") == b"v"
        state.close()
    assert steps == [1, 2]


def test_a_failed_migration_leaves_the_older_schema(path: str) -> None:
    SqliteState(path, version=1).close()

    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        SqliteState(path, version=2, migrations={1: fail})
    with pytest.raises(VersionUnknown, match="no way"):
        SqliteState(path, version=2)
    SqliteState(path, version=1).close()


def test_a_full_disk_refuses_a_commit_and_keeps_the_rest(path: str) -> None:
    state = SqliteState(path)
    state.commit([("t", "k", b"v")])
    assert state._connection is not None
    state._connection.execute("PRAGMA max_page_count = 8")
    with pytest.raises(Full):
        state.commit([("t", "k", b"changed"), ("t", "big", bytes(100_000))])
    assert list(state.scan("t")) == [("k", b"v")]
    state.commit([("t", "small", b"fits")])
    state.close()


def test_a_failure_is_for_good(path: str) -> None:
    state = SqliteState(path)
    state.commit([("t", "k", b"v")])
    with sqlite3.connect(path) as person:
        person.execute("DROP TABLE t")
    person.close()
    with pytest.raises(Failed, match="no such table"):
        state.get("t", "k")
    with pytest.raises(Failed, match="before"):
        state.commit([("u", "k", b"v")])
    state.close()


def test_a_closed_store_refuses_every_call(path: str) -> None:
    state = SqliteState(path)
    state.close()
    state.close()
    with pytest.raises(Failed, match="closed"):
        state.get("t", "k")
