from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.routes.binding import Binding
from dragoman.kernel.routes.cache import KeyCache


def found(name: str) -> tuple[Binding, ...]:
    return (Binding(name, name, {}, 1),)


@given(st.lists(st.sampled_from("abcdefghij"), max_size=60), st.integers(2, 8))
def test_the_cache_is_bounded_and_gives_back_what_was_put(keys: list[str], keys_max: int) -> None:
    cache = KeyCache(keys_max)
    for key in keys:
        known = cache.get(key)
        if known is None:
            cache.put(key, found(key))
        else:
            assert known[0].target == key
        assert cache.get(key) is not None
        assert len(cache) <= keys_max


def test_a_key_in_use_outlives_any_number_of_others() -> None:
    cache = KeyCache(4)
    kept = found("kept")
    cache.put("kept", kept)
    for number in range(100):
        assert cache.get("kept") is kept
        cache.put(str(number), found("other"))


def test_no_bindings_are_a_result_too() -> None:
    cache = KeyCache(2)
    cache.put("a", ())
    assert cache.get("a") == ()
    cache.clear()
    assert cache.get("a") is None
