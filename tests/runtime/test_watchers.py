from typing import Any, cast

from dragoman.runtime.watchers import Watchers


class Session:
    """Known by what it is, as sessions are."""


def sessions(count: int) -> list[Any]:
    return [cast(Any, Session()) for _ in range(count)]


def test_who_watches_is_told_once_in_the_order_of_asking() -> None:
    watchers: Watchers[str, str] = Watchers()
    one, two = sessions(2)
    for session in (two, one, two):
        watchers.add(session, "a")
    assert "a" in watchers
    assert list(watchers.take("a")) == [two, one]
    assert list(watchers.take("a")) == []
    assert "a" not in watchers


def test_a_session_that_goes_leaves_nothing_behind_and_nobody_else() -> None:
    watchers: Watchers[str, str] = Watchers()
    one, two = sessions(2)
    for watched in ("a", "b", "c"):
        watchers.add(one, watched)
    watchers.add(two, "b")
    watchers.take("c")
    watchers.forget(one)
    watchers.forget(one)
    assert "a" not in watchers
    assert list(watchers.take("b")) == [two]
    assert not watchers._sessions
    assert not watchers._watched
