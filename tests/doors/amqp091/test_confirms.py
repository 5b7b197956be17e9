"""Confirms: in order, many at once, never before their position is safe."""

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.amqp091.confirms import Confirms
from dragoman.kernel.api import Session
from dragoman.model.levels import APPLIED, SYNCED
from dragoman.wire.amqp091.outgoing import ack, nack


class FakeSession:
    """A journal that has come as far as the test says."""

    def __init__(self) -> None:
        self.synced = 0
        self.wanted: list[tuple[int, int]] = []

    def reached(self, level: int) -> int:
        return self.synced

    def want(self, position: int, level: int) -> None:
        self.wanted.append((position, level))


def take(confirms: Confirms, session: FakeSession) -> bytes:
    return confirms.take(cast(Session, session), 1)


def test_what_became_safe_together_is_one_ack() -> None:
    confirms, session = Confirms(), FakeSession()
    confirms.add(3, 5, SYNCED, True)
    confirms.add(2, 6, SYNCED, True)
    confirms.add(1, 7, SYNCED, True)
    assert take(confirms, session) == b""
    assert session.wanted == [(5, SYNCED)]
    session.synced = 6
    assert take(confirms, session) == ack(1, 5, True)
    assert confirms.is_waiting()
    session.synced = 7
    assert take(confirms, session) == ack(1, 6, False)
    assert not confirms.is_waiting()
    assert take(confirms, session) == b""


def test_what_waits_for_nothing_waits_behind_what_was_published_before_it() -> None:
    confirms, session = Confirms(), FakeSession()
    confirms.add(1, 5, SYNCED, True)
    confirms.add(1, 0, APPLIED, True)
    assert take(confirms, session) == b""
    session.synced = 5
    assert take(confirms, session) == ack(1, 2, True)


def test_refusals_stand_between_acks() -> None:
    confirms, session = Confirms(), FakeSession()
    confirms.add(2, 0, APPLIED, True)
    confirms.add(1, 0, APPLIED, False)
    confirms.add(2, 0, APPLIED, False)
    confirms.add(1, 0, APPLIED, True)
    assert take(confirms, session) == ack(1, 2, True) + nack(1, 5, True, False) + ack(1, 6, False)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), st.booleans())), st.data())
def test_every_publish_is_confirmed_once_with_its_own_fate(
    publishes: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    confirms, session = Confirms(), FakeSession()
    fates: list[bool] = []
    position = 0
    for count, step, accepted in publishes:
        position += step
        confirms.add(count, position, SYNCED if step else APPLIED, accepted)
        fates += [accepted] * count
    told: list[bool] = []
    while confirms.is_waiting():
        session.synced += 1
        frames = take(confirms, session)
        for at in range(0, len(frames), 21):
            last = int.from_bytes(frames[at + 11 : at + 19], "big")
            is_ack = frames[at + 9 : at + 11] == b"\x00\x50"
            assert bool(frames[at + 19] & 1) == (last - len(told) > 1)
            told += [is_ack] * (last - len(told))
    assert told == fates
