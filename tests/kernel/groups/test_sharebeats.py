"""What a share group is asked: defaults that callers rely on."""

from dragoman.kernel.groups.sharebeats import MoveShares, ShareBeat
from dragoman.kernel.settings import SubscriptionSettings


def test_a_group_begins_with_the_earliest_message_unless_told_otherwise() -> None:
    beat = ShareBeat(
        group="g", member_id="m", epoch=0, session_timeout_ms=1, subscription="share:g"
    )
    assert (beat.from_end, beat.from_ms, beat.topics) == (False, -1, None)
    move = MoveShares(group="g", places=(), subscription="share:g")
    assert beat.settings == move.settings == SubscriptionSettings()
