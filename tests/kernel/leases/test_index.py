"""Who takes what of a publish: filters of subscriptions, and their change."""

import msgspec
import pytest
from tests.kernel.leases.made import Queue

from dragoman.kernel.leases.seek import AlterSubscription
from dragoman.model.errors import InvalidArgument


def test_a_filter_may_be_changed_for_another_but_neither_begin_nor_end() -> None:
    queue = Queue(early=True, filter={"colour": "red"})
    queue.publish(b"0;colour=red", b"1;colour=blue")
    settings = queue.info().settings
    blue = msgspec.structs.replace(settings, filter={"colour": "blue"})
    queue.kernel.submit(AlterSubscription(name="q", settings=blue), queue.session)
    queue.publish(b"2;colour=red", b"3;colour=blue")
    assert queue.take(4) == [b"0;colour=red", b"3;colour=blue"]
    none = msgspec.structs.replace(settings, filter={})
    with pytest.raises(InvalidArgument, match="from the beginning"):
        queue.kernel.submit(AlterSubscription(name="q", settings=none), queue.session)


def test_a_filter_of_an_event_subscription_is_in_another_dialect() -> None:
    queue = Queue(
        early=True, dialect="eventgrid", filter={"advancedFilters": [
            {"operatorType": "StringIn", "key": "data.colour", "values": ["RED"]}
        ]},
    )  # fmt: skip
    queue.publish(b"0;colour=red", b"1;colour=blue")
    assert queue.take(4) == [b"0;colour=red"]
    with pytest.raises(InvalidArgument):
        Queue(dialect="eventgrid", filter={"advancedFilters": 5})


def test_rules_take_one_copy_of_what_any_of_them_matches() -> None:
    rules = [{"name": "a", "kind": "sql", "expression": "colour LIKE 'r%'"}]
    queue = Queue(early=True, dialect="servicebus", filter={"rules": rules})
    queue.publish(b"0;colour=red", b"1;colour=blue")
    settings = queue.info().settings
    more = [*rules, {"name": "b", "kind": "true"}]
    altered = msgspec.structs.replace(settings, filter={"rules": more})
    queue.kernel.submit(AlterSubscription(name="q", settings=altered), queue.session)
    queue.publish(b"2;colour=red", b"3;colour=blue")
    assert queue.take(4) == [b"0;colour=red", b"2;colour=red", b"3;colour=blue"]
    none = msgspec.structs.replace(settings, filter={"rules": []})
    queue.kernel.submit(AlterSubscription(name="q", settings=none), queue.session)
    queue.publish(b"4;colour=red")
    assert queue.take(4) == []
