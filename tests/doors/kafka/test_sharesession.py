"""Share sessions: epochs, partitions, and spans of records that a member holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.kafka.errors import Refused
from dragoman.doors.kafka.sharesession import (
    EPOCH_MAX,
    PARTITIONS_MAX,
    SESSIONS_MAX,
    ShareSession,
    ShareSessions,
    Span,
)

KEY = (bytes(16), 0)


def refusal(sessions: ShareSessions, epoch: int, member: str = "m") -> int:
    with pytest.raises(Refused) as caught:
        sessions.enter("g", member, epoch)
    return int(caught.value.code)


def test_epochs_follow_each_other() -> None:
    sessions = ShareSessions()
    assert refusal(sessions, 1) == 122
    session = sessions.enter("g", "m", 0)
    assert sessions.enter("g", "m", 1) is session
    assert refusal(sessions, 1) == 123
    session.epoch = EPOCH_MAX
    assert sessions.enter("g", "m", EPOCH_MAX).epoch == 1
    assert sessions.enter("g", "m", -1) is session
    sessions.end(session)
    assert refusal(sessions, -1) == 122


def test_a_session_that_begins_anew_keeps_what_its_member_holds() -> None:
    sessions = ShareSessions()
    session = sessions.enter("g", "m", 0)
    session.parts[KEY] = None
    session.hold(KEY, Span(0, 5, 1, 1, 100), 0)
    again = sessions.enter("g", "m", 0)
    assert not again.parts
    assert len(again.within(KEY, 0, 10)) == 1


def test_there_are_only_so_many() -> None:
    sessions = ShareSessions()
    for number in range(SESSIONS_MAX):
        sessions.enter("g", str(number), 0)
    assert refusal(sessions, 0) == 133
    session = ShareSession("g", "m")
    parts = [
        {"partition_index": at, "acknowledgement_batches": []} for at in range(PARTITIONS_MAX + 1)
    ]
    with pytest.raises(Refused):
        session.change([{"topic_id": KEY[0], "partitions": parts}], [])


def test_partitions_are_added_forgotten_and_put_last() -> None:
    session = ShareSession("g", "m")
    session.change([{"topic_id": KEY[0], "partitions": [{"partition_index": 0}]}], [])
    session.change([{"topic_id": KEY[0], "partitions": [{"partition_index": 1}]}], [])
    session.put_last(KEY)
    assert [at for _, at in session.parts] == [1, 0]
    session.change([], [{"topic_id": KEY[0], "partitions": [1, 7]}])
    assert [at for _, at in session.parts] == [0]


def test_what_was_held_too_long_is_not_held() -> None:
    session = ShareSession("g", "m")
    session.hold(KEY, Span(0, 5, 1, 1, 100), 0)
    session.hold(KEY, Span(5, 6, 1, 2, 200), 100)
    assert [span.start for span in session.within(KEY, 0, 10)] == [5]


Steps = st.lists(
    st.tuples(st.booleans(), st.integers(0, 30), st.integers(1, 10)), min_size=1, max_size=20
)


@given(Steps)
def test_spans_say_of_each_offset_which_lease_holds_it(
    steps: list[tuple[bool, int, int]],
) -> None:
    session = ShareSession("g", "m")
    model: dict[int, int] = {}
    for holder, (is_held, start, count) in enumerate(steps):
        span = range(start, start + count)
        if is_held and not model.keys() & set(span):
            session.hold(KEY, Span(start, start + count, 1, holder, 9), 0)
            model.update(dict.fromkeys(span, holder))
        elif not is_held:
            session.let_go(KEY, start, start + count)
            for offset in span:
                model.pop(offset, None)
    found = {
        offset: span.holder
        for span in session.within(KEY, 0, 50)
        for offset in range(span.start, span.end)
    }
    assert found == model
