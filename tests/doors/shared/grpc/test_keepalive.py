from dragoman.doors.shared.grpc.keepalive import ANSWER_MS, PING_MS, QUIET_MS, Keepalive


def test_pings_may_come_after_we_sent_something_or_after_a_while() -> None:
    keepalive = Keepalive(0)
    assert not any(keepalive.is_abused(at, sent=at) for at in range(10))
    assert not any(keepalive.is_abused(at, sent=9) for at in range(PING_MS, 9 * PING_MS, PING_MS))


def test_three_without_reason_are_too_many() -> None:
    keepalive = Keepalive(0)
    keepalive.is_abused(1, sent=0)
    assert [keepalive.is_abused(at, sent=0) for at in (2, 3, 4)] == [False, False, True]


def test_silence_is_asked_about_and_then_taken_for_a_loss() -> None:
    keepalive = Keepalive(0)
    assert keepalive.due_ms() == QUIET_MS
    assert not keepalive.wants_ping(QUIET_MS - 1)
    assert keepalive.wants_ping(QUIET_MS)
    assert not keepalive.is_lost(QUIET_MS)
    assert keepalive.is_lost(QUIET_MS + ANSWER_MS)
    keepalive.heard(QUIET_MS + 1)
    assert not keepalive.is_lost(QUIET_MS + ANSWER_MS)
