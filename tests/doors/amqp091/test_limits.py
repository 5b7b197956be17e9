"""Limits as they are kept; `management/test_people.py` has them kept to."""

import pytest
from tests.doors.amqp091.client import World

from dragoman.doors.amqp091 import limits


def test_each_has_its_own_and_none_is_set_at_first() -> None:
    session = World().connect().session
    assert limits.values_of(session, limits.OF_VHOST, "v") == {}
    limits.put(session, limits.OF_VHOST, "v", {"max-queues": 1})
    limits.put(session, limits.OF_VHOST, "v2", {"max-queues": 2})
    limits.put(session, limits.OF_USER, "v", {"max-channels": 3})
    assert limits.values_of(session, limits.OF_VHOST, "v") == {"max-queues": 1}
    assert limits.values_of(session, limits.OF_VHOST, "") == {}
    assert limits.all_of(session, limits.OF_USER) == {"v": {"max-channels": 3}}
    limits.put(session, limits.OF_VHOST, "v", {})
    assert limits.all_of(session, limits.OF_VHOST) == {"v2": {"max-queues": 2}}


@pytest.mark.parametrize(
    ("most", "count", "is_reached"), [(None, 9, False), (-1, 9, False), (2, 1, False), (2, 2, True)]
)
def test_a_negative_number_is_no_limit(most: int | None, count: int, is_reached: bool) -> None:
    assert limits.reached(most, count) is is_reached
