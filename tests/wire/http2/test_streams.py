"""The table of states."""

from dragoman.wire.http2.streams import (
    CLOSED,
    END_RECEIVED,
    END_SENT,
    EVENTS,
    HEADERS_RECEIVED,
    IDLE,
    OPEN,
    REFUSALS,
    RESET_RECEIVED,
    RESET_SENT,
    STATE_NAMES,
    TRANSITIONS,
    WINDOW_RECEIVED,
    after,
)


def test_the_table_that_is_looked_up_is_the_one_that_is_read() -> None:
    for state in range(len(STATE_NAMES)):
        for event in range(EVENTS):
            assert after(state, event) == TRANSITIONS.get((state, event), -1)


def test_whatever_a_peer_may_do_is_allowed_or_refused() -> None:
    for state in range(len(STATE_NAMES)):
        for event in range(WINDOW_RECEIVED + 1):
            comes_behind_another = event == END_RECEIVED
            assert comes_behind_another or (after(state, event) >= 0) != (
                (state, event) in REFUSALS
            )


def test_every_stream_can_end_either_way() -> None:
    assert after(after(OPEN, END_RECEIVED), END_SENT) == CLOSED
    assert after(after(OPEN, END_SENT), END_RECEIVED) == CLOSED
    for state in range(OPEN, CLOSED):
        assert after(state, RESET_RECEIVED) == after(state, RESET_SENT) == CLOSED
    assert after(IDLE, HEADERS_RECEIVED) == OPEN
