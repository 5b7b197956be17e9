"""What every `StateStore` promises, on every engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage.engines import Bench, state_bench

from dragoman.ports.storage import StateStore


@pytest.fixture(params=["memory", "sqlite", "simulated"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench[StateStore]]:
    made = state_bench(request.param, tmp_path)
    yield made
    made.port.close()


@pytest.fixture
def state(bench: Bench[StateStore]) -> StateStore:
    return bench.port


def test_a_table_nobody_wrote_is_empty(state: StateStore) -> None:
    assert list(state.scan("streams")) == []
    assert state.get("streams", "a") is None


def test_a_commit_is_seen_and_survives_a_reopening(bench: Bench[StateStore]) -> None:
    bench.port.commit([("streams", "b", b"2"), ("streams", "a", b"\0\xff"), ("groups", "a", b"")])
    for _ in range(2):
        assert list(bench.port.scan("streams")) == [("a", b"\0\xff"), ("b", b"2")]
        assert bench.port.get("groups", "a") == b""
        bench.reopen()


def test_later_changes_of_a_commit_win(state: StateStore) -> None:
    state.commit([("t", "k", b"1"), ("t", "k", None), ("t", "j", b"1"), ("t", "j", b"2")])
    assert list(state.scan("t")) == [("j", b"2")]


def test_none_deletes_and_deleting_nothing_is_fine(state: StateStore) -> None:
    state.commit([("t", "k", b"1")])
    state.commit([("t", "k", None), ("t", "never", None), ("other", "never", None)])
    assert list(state.scan("t")) == []


def test_a_scan_is_half_open_and_in_key_order(state: StateStore) -> None:
    keys = ["", "a", "a/1", "a/2", "a0", "b", "é", "漢", "😀"]
    state.commit([("t", key, key.encode()) for key in reversed(keys)])
    assert [key for key, _ in state.scan("t")] == keys
    assert [key for key, _ in state.scan("t", "a/", "a0")] == ["a/1", "a/2"]
    assert [key for key, _ in state.scan("t", "b")] == ["b", "é", "漢", "😀"]
    assert list(state.scan("t", "b", "b")) == []


def test_a_long_scan_sees_every_row_once(state: StateStore) -> None:
    rows = [(f"{number:05d}", b"%d" % number) for number in range(2_500)]
    state.commit([("t", key, value) for key, value in rows])
    assert list(state.scan("t")) == rows


def test_commits_during_a_scan_disturb_nobody(state: StateStore) -> None:
    state.commit([("t", f"{number:05d}", b"old") for number in range(1_500)])
    seen = []
    for key, _ in state.scan("t"):
        seen.append(key)
        if len(seen) == 10:
            state.commit([("t", "00500", None), ("other", "x", b"")])
    assert len(seen) in {1_499, 1_500}
    assert seen == sorted(seen)


@pytest.mark.parametrize("table", ["", "Streams", "1st", "a b", 'a"b', "x" * 64, "sqlite_master"])
def test_a_name_that_cannot_be_a_table_is_refused(state: StateStore, table: str) -> None:
    with pytest.raises(ValueError, match="cannot name a table"):
        state.commit([("fine", "k", b"v"), (table, "k", b"v")])
    with pytest.raises(ValueError, match="cannot name a table"):
        state.get(table, "k")
    assert state.get("fine", "k") is None


def test_a_refused_commit_changes_nothing(state: StateStore) -> None:
    with pytest.raises(UnicodeEncodeError):
        state.commit([("t", "k", b"v"), ("t", "\ud800", b"v")])
    assert list(state.scan("t")) == []
    state.commit([("t", "k", b"v")])
    assert state.get("t", "k") == b"v"


changes = st.lists(
    st.tuples(
        st.sampled_from(["t", "u"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.none() | st.binary(max_size=8),
    ),
    max_size=6,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(commits=st.lists(changes, max_size=5))
def test_every_engine_holds_what_a_dict_would(
    state: StateStore, commits: list[list[tuple[str, str, bytes | None]]]
) -> None:
    state.commit([(table, key, None) for table in "tu" for key, _ in state.scan(table)])
    model: dict[str, dict[str, bytes]] = {"t": {}, "u": {}}
    for commit in commits:
        state.commit(commit)
        for table, key, value in commit:
            if value is None:
                model[table].pop(key, None)
            else:
                model[table][key] = value
    for table, rows in model.items():
        assert list(state.scan(table)) == sorted(rows.items())
