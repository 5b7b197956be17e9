"""The sizes of a backlog, and a restart that lost messages."""

import pytest
from bench.lifecycle import BACKLOG_STEP, LifeOptions, LostMessagesError, _restart, _sizes
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 20_000_000))
def test_a_backlog_is_whole_blocks_nine_tenths_and_one(messages: int) -> None:
    small, most, last = _sizes(LifeOptions(backlog_messages=messages))
    assert all(size % BACKLOG_STEP == 0 and size > 0 for size in (small, most, last))
    assert most > 8 * last
    if messages >= 10 * BACKLOG_STEP:
        assert messages - BACKLOG_STEP < most + last <= messages


class RestartedPeer:
    """Counts what is done to it."""

    ready_s = 0.5

    def __init__(self) -> None:
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def kill(self) -> None:
        self.calls.append("kill")


def test_a_restart_ends_starts_and_counts() -> None:
    peer = RestartedPeer()
    assert _restart(peer, peer.kill, 5, lambda: 5) == 0.5  # type: ignore[arg-type]
    assert peer.calls == ["kill", "start"]


def test_messages_missing_after_a_restart_fail_the_scenario() -> None:
    peer = RestartedPeer()
    with pytest.raises(LostMessagesError, match="5 were confirmed, 4"):
        _restart(peer, peer.kill, 5, lambda: 4)  # type: ignore[arg-type]
