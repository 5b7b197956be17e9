"""What members of the classic protocol may ask for."""

import pytest

from dragoman.kernel.groups.commands import JoinGroup
from dragoman.kernel.groups.terms import (
    REBALANCE_TIMEOUT_MAX_MS,
    SESSION_TIMEOUT_MAX_MS,
    SESSION_TIMEOUT_MIN_MS,
    check_session_timeout,
    rebalance_timeout_ms,
)
from dragoman.model.errors import InvalidSessionTimeout


def test_sessions_have_bounds() -> None:
    check_session_timeout(SESSION_TIMEOUT_MIN_MS)
    check_session_timeout(SESSION_TIMEOUT_MAX_MS)
    for timeout_ms in (SESSION_TIMEOUT_MIN_MS - 1, SESSION_TIMEOUT_MAX_MS + 1):
        with pytest.raises(InvalidSessionTimeout):
            check_session_timeout(timeout_ms)


@pytest.mark.parametrize(
    ("wanted_ms", "expected_ms"),
    [(0, 7_000), (-1, 7_000), (5, 5), (1 << 40, REBALANCE_TIMEOUT_MAX_MS)],
)
def test_a_rebalance_takes_as_long_as_is_asked_for_within_reason(
    wanted_ms: int, expected_ms: int
) -> None:
    command = JoinGroup(
        group="g",
        protocol_type="consumer",
        protocols=(),
        session_timeout_ms=7_000,
        rebalance_timeout_ms=wanted_ms,
    )
    assert rebalance_timeout_ms(command) == expected_ms
