from tests.kernel.routes.made import bound, targets

from dragoman.kernel.routes.direct import Direct


def test_a_message_goes_to_the_bindings_of_its_very_key_oldest_first() -> None:
    direct = Direct()
    for target, key in (("one", "a"), ("two", "b"), ("three", "a")):
        bound(direct, target, key)
    assert targets(direct.match("a", None, 0)) == ["one", "three"]
    assert targets(direct.match("b", None, 0)) == ["two"]
    assert direct.match("c", None, 0) == ()


def test_a_change_is_seen_by_the_next_match() -> None:
    direct = Direct()
    one = bound(direct, "one", "a")
    assert targets(direct.match("a", None, 0)) == ["one"]
    bound(direct, "two", "a")
    assert targets(direct.match("a", None, 0)) == ["one", "two"]
    direct.remove(one)
    assert targets(direct.match("a", None, 0)) == ["two"]


def test_an_unbound_key_leaves_nothing_behind() -> None:
    direct = Direct()
    one = bound(direct, "one", "a")
    direct.match("a", None, 0)
    direct.remove(one)
    assert direct.match("a", None, 0) == ()
    assert not direct._bound
    assert not direct._ready
