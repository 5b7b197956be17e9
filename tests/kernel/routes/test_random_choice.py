from tests.kernel.routes.made import bound, targets

from dragoman.kernel.routes.random_choice import RandomChoice


def test_the_salt_picks_one_binding() -> None:
    route = RandomChoice()
    assert route.match("k", None, 5) == ()
    one = bound(route, "one")
    bound(route, "two")
    assert [targets(route.match("k", None, salt)) for salt in range(3)] == [
        ["one"],
        ["two"],
        ["one"],
    ]
    route.remove(one)
    assert targets(route.match("k", None, 4)) == ["two"]
