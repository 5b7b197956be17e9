from dragoman.doors.amqp091.liveness import HANDSHAKE_MS, Liveness


def test_the_opening_has_a_deadline() -> None:
    live = Liveness(1000)
    assert live.next_ms() == 1000 + HANDSHAKE_MS
    assert not live.is_over(1000 + HANDSHAKE_MS - 1)
    assert live.is_over(1000 + HANDSHAKE_MS)


def test_without_heartbeats_nothing_is_due_once_it_is_open() -> None:
    live = Liveness(0)
    live.start(0, 0)
    live.deadline_ms = None
    assert live.next_ms() is None
    assert not live.is_over(10**9)
    assert not live.wants_heartbeat(10**9)


def test_a_heartbeat_is_wanted_after_half_an_interval_of_silence() -> None:
    live = Liveness(0)
    live.start(10, 0)
    live.deadline_ms = None
    assert live.next_ms() == 5000
    assert not live.wants_heartbeat(4999)
    assert live.wants_heartbeat(5000)
    assert live.next_ms() == 10_000
    live.spoke()
    assert not live.wants_heartbeat(10_000)
    assert live.wants_heartbeat(15_000)


def test_a_peer_is_dead_after_two_intervals_without_a_byte() -> None:
    live = Liveness(0)
    live.start(10, 0)
    live.deadline_ms = None
    assert not live.is_over(19_999)
    assert live.is_over(20_000)
    live.heard(19_000)
    assert not live.is_over(38_999)
    assert live.is_over(39_000)


def test_the_nearer_of_deadline_and_look_comes_first() -> None:
    live = Liveness(0)
    live.start(1, 0)
    assert live.next_ms() == 500
    live.deadline_ms = 100
    assert live.next_ms() == 100
