"""What a member of the classic protocol may ask for, in whichever group it is."""

from typing import Final

from dragoman.kernel.groups.commands import JoinGroup
from dragoman.model.errors import InvalidSessionTimeout

SESSION_TIMEOUT_MIN_MS: Final = 1_000
SESSION_TIMEOUT_MAX_MS: Final = 1_800_000
REBALANCE_TIMEOUT_MAX_MS: Final = 86_400_000


def check_session_timeout(timeout_ms: int) -> None:
    """Raises InvalidSessionTimeout."""
    if not SESSION_TIMEOUT_MIN_MS <= timeout_ms <= SESSION_TIMEOUT_MAX_MS:
        raise InvalidSessionTimeout(
            f"{SESSION_TIMEOUT_MIN_MS} to {SESSION_TIMEOUT_MAX_MS} ms, not {timeout_ms}"
        )


def rebalance_timeout_ms(command: JoinGroup) -> int:
    """How long the member may take to join again: what it says, or (version 0 cannot say) as long as its silence."""
    wanted_ms = command.rebalance_timeout_ms
    return min(wanted_ms, REBALANCE_TIMEOUT_MAX_MS) if wanted_ms > 0 else command.session_timeout_ms
