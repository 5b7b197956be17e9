from typing import Any

import pytest
from tests.kernel.rules.cases import NS, Rules, said

from dragoman.doors.shared.judged import publish_good
from dragoman.formats import canonical
from dragoman.kernel.api import Address, AlterStream, Publish, StreamSettings
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import CANONICAL


def command(*totals: int, to: str = "orders") -> Publish:
    bodies = [canonical.encode(said({"total": total})) for total in totals]
    return Publish(NS, Address(to), CANONICAL, bodies)


def test_what_is_good_is_published_without_what_is_bad() -> None:
    rules = Rules()
    rules.rule(check="msg.total > 0")
    kernel = rules.world.kernel
    session: Any = kernel
    reply, faults = publish_good(session, command(1, 0, 2))
    assert reply is not None
    assert (list(faults), rules.values()) == ([1], [{"total": 1}, {"total": 2}])
    assert publish_good(session, command(3))[1] == {}
    reply, faults = publish_good(session, command(0, 0))
    assert (reply, list(faults)) == (None, [0, 1])
    with pytest.raises(StreamNotFound):
        publish_good(session, command(1, to="nowhere"))


def test_a_reply_speaks_of_the_messages_as_they_were_sent() -> None:
    rules = Rules()
    rules.submit(AlterStream(name="orders", settings=StreamSettings(dedup_window_ms=60_000)))
    rules.rule(check="msg.total > 0")
    session: Any = rules.world.kernel
    first = command(1)
    first.dedup = ["a"]
    publish_good(session, first)
    again = command(0, 1, 2)
    again.dedup = ["x", "a", "b"]
    reply, _ = publish_good(session, again)
    assert reply is not None
    assert reply.duplicates is not None
    assert list(reply.duplicates) == [1]
