from collections import Counter

from tests.kernel.filters.cases import Source
from tests.kernel.routes.made import bound, targets

from dragoman.kernel.filters.nodes import Header
from dragoman.kernel.routes.modulus_hash import ModulusHash


def test_messages_alike_go_to_one_binding_and_all_get_their_share() -> None:
    route = ModulusHash()
    for number in range(4):
        bound(route, number)
    counts = Counter(targets(route.match(f"key-{n}", None, 0))[0] for n in range(2_000))
    assert all(400 < counts[number] < 600 for number in range(4))
    assert route.match("key", None, 0) == route.match("key", None, 1)


def test_the_number_of_bindings_decides() -> None:
    route = ModulusHash(Header("h"))
    assert route.match("k", None, 0) == ()
    one = bound(route, "one")
    assert targets(route.match("k", None, 0)) == ["one"]
    bound(route, "two")
    assert route.needs_fields()
    assert len(route.match("k", Source({"h": 1}), 0)) == 1
    route.remove(one)
    assert targets(route.match("k", None, 0)) == ["two"]
