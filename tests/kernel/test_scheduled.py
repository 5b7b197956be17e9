import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.test_schedules import HOUR, cancel, later, wait
from tests.runtime.engine import Engine
from tests.runtime.node import TestNode, declare

from dragoman.kernel.scheduled import NextSchedule
from dragoman.kernel.schedules import ListSchedules
from dragoman.model.errors import InvalidArgument
from dragoman.model.limits import SCHEDULE_AHEAD_MS_MAX, SCHEDULE_BUCKET_MS, SCHEDULES_LISTED_MAX
from dragoman.runtime.session import BrokerSession


def listed(session: BrokerSession, name: str = "q", page: int = 2) -> list[bytes]:
    """All pages of it."""
    place = (0, 0)
    found: list[bytes] = []
    while place is not None:
        stream, offset = place
        command = ListSchedules(name=name, stream=stream, offset=offset, count_max=page)
        reply = session.submit(command)
        assert len(reply.found) <= page
        found += [each.info.body for each in reply.found]
        place = reply.next
    return found


def start() -> tuple[TestNode, BrokerSession]:
    node = Engine().start()
    session = node.connect()
    declare(session, "q")
    declare(session, "r")
    return node, session


def test_what_waits_for_an_address_is_listed_by_bucket_and_page() -> None:
    node, session = start()
    later(session, "r", 1000, b"other")
    first = later(session, "q", 1000, b"1")
    later(session, "q", HOUR, b"3", b"4")
    later(session, "q", 2000, b"2")
    node.settle()
    assert listed(session) == [b"1", b"2", b"3", b"4"]
    cancel(session, "q", first)
    assert listed(session) == [b"2", b"3", b"4"]
    wait(node, 2000)
    assert listed(session) == [b"3", b"4"]


def test_each_is_told_with_its_id_and_its_time() -> None:
    node, session = start()
    id_ = later(session, "q", 5000, b"1")
    (found,) = session.submit(ListSchedules(name="q")).found
    assert (found.stream, found.offset) == id_
    assert (found.info.due_ms, found.info.address.name) == (node.clock.now_ms + 5000, "q")


def test_what_lies_on_the_disk_is_listed_as_well() -> None:
    node, session = start()
    bodies = [b"%d" % at for at in range(50)]
    for body in bodies:
        later(session, "q", HOUR, body)
    node.checkpoint()
    assert listed(session, page=7) == bodies


def test_a_page_ends_where_enough_was_looked_at() -> None:
    node, session = start()
    later(session, "r", HOUR, *[b"x"] * SCHEDULES_LISTED_MAX)
    node.settle()
    later(session, "q", HOUR, b"1")
    reply = session.submit(ListSchedules(name="q", count_max=9))
    assert (reply.found, reply.next is not None) == ([], True)
    assert listed(session) == [b"1"]


@given(st.lists(st.integers(1, 3 * SCHEDULE_BUCKET_MS), min_size=1, max_size=8))
def test_the_next_id_is_the_one_that_is_given(delays: list[int]) -> None:
    node, session = start()
    for delay_ms in delays:
        expected = session.submit(NextSchedule(due_ms=node.clock.now_ms + delay_ms))
        assert later(session, "q", delay_ms, b"x") == expected
        assert session.submit(NextSchedule(due_ms=node.clock.now_ms + delay_ms)) != expected


def test_nobody_waits_for_ever() -> None:
    node, session = start()
    with pytest.raises(InvalidArgument):
        session.submit(NextSchedule(due_ms=node.clock.now_ms + SCHEDULE_AHEAD_MS_MAX + 1))
