from dragoman.doors.shared.amqp10.liveness import HANDSHAKE_MS, Liveness


def test_a_greeting_has_its_time() -> None:
    liveness = Liveness(0)
    assert liveness.next_ms() == HANDSHAKE_MS
    assert (liveness.is_over(HANDSHAKE_MS - 1), liveness.is_over(HANDSHAKE_MS)) == (False, True)


def test_a_client_that_does_not_care_is_sent_nothing() -> None:
    liveness = Liveness(0)
    liveness.start(0, 1_000, 0)
    assert liveness.next_ms() == 1_000
    assert not liveness.wants_heartbeat(1_000)


def test_one_that_cares_hears_from_us_unless_we_have_spoken() -> None:
    liveness = Liveness(0)
    liveness.start(400, 1_000, 0)
    assert liveness.wants_heartbeat(200)
    liveness.spoke()
    assert not liveness.wants_heartbeat(400)
    assert liveness.wants_heartbeat(600)


def test_silence_is_the_end() -> None:
    liveness = Liveness(0)
    liveness.start(0, 1_000, 0)
    liveness.heard(500)
    assert (liveness.is_over(2_499), liveness.is_over(2_500)) == (False, True)
