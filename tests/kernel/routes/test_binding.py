from dragoman.kernel.routes.binding import Binding, identity, order_of


def test_a_binding_is_its_target_key_and_arguments() -> None:
    assert identity(1, "k", {"a": 1, "b": 2}) == identity(1, "k", {"b": 2, "a": 1})
    assert identity(1, "k", {}) != identity(1, "other", {})
    assert identity(1, "k", {}) != identity(2, "k", {})
    assert identity(1, "k", {"a": 1}) != identity(1, "k", {"a": True})


def test_bindings_sort_by_age() -> None:
    young, old = Binding("y", "", {}, 2), Binding("o", "", {}, 1)
    assert sorted([young, old], key=order_of) == [old, young]
