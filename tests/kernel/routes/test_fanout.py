from tests.kernel.routes.made import bound, targets

from dragoman.kernel.routes.fanout import Fanout


def test_a_message_goes_to_all_bindings_whatever_its_key() -> None:
    fanout = Fanout()
    one = bound(fanout, "one", "a")
    bound(fanout, "two", "b")
    assert targets(fanout.match("anything", None, 0)) == ["one", "two"]
    fanout.remove(one)
    assert targets(fanout.match("a", None, 0)) == ["two"]
