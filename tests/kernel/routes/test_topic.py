import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.kernel.routes.made import bound, targets

from dragoman.kernel.routes.binding import Binding
from dragoman.kernel.routes.topic import KEYS_CACHED_MAX, WORDS_MAX, Topic
from dragoman.model.errors import InvalidArgument


def fits(pattern: list[str], words: list[str]) -> bool:
    """AMQP 0-9-1 section 3.1.3.3, word by word."""
    if not pattern:
        return not words
    first, *rest = pattern
    if first == "#":
        return any(fits(rest, words[taken:]) for taken in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and fits(rest, words[1:])


WORDS = st.sampled_from(["a", "b", ""])
KEYS = st.lists(WORDS, min_size=1, max_size=6).map(".".join)
PATTERNS = st.lists(st.sampled_from(["a", "b", "", "*", "#"]), min_size=1, max_size=6).map(".".join)


@settings(max_examples=250, deadline=None)
@given(st.lists(PATTERNS, max_size=12), st.lists(st.integers(0, 11), max_size=6), KEYS)
@example(["#.#.#", "#.a.#.a.#", "a.#"], [], "a.a")
@example(["#", "*.#", "#.*"], [], "")
def test_topics_match_as_the_slow_reading_of_their_patterns(
    patterns: list[str], removed: list[int], key: str
) -> None:
    topic = Topic()
    live = {number: bound(topic, number, pattern) for number, pattern in enumerate(patterns)}
    for number in removed:
        if number in live:
            topic.remove(live.pop(number))
    expected = [n for n, binding in live.items() if fits(binding.key.split("."), key.split("."))]
    assert targets(topic.match(key, None, 0)) == expected
    assert targets(topic.match(key, None, 0)) == expected


@given(st.lists(PATTERNS, max_size=12))
def test_a_trie_without_bindings_is_empty(patterns: list[str]) -> None:
    topic = Topic()
    bindings = [bound(topic, number, pattern) for number, pattern in enumerate(patterns)]
    for binding in bindings:
        topic.remove(binding)
    assert topic._nodes == 0
    assert topic._root.is_leaf()


def test_a_change_is_seen_by_the_next_match() -> None:
    topic = Topic()
    one = bound(topic, "one", "a.*")
    assert targets(topic.match("a.b", None, 0)) == ["one"]
    bound(topic, "two", "#")
    assert targets(topic.match("a.b", None, 0)) == ["one", "two"]
    topic.remove(one)
    assert targets(topic.match("a.b", None, 0)) == ["two"]


def test_a_word_of_the_message_is_never_a_wildcard() -> None:
    topic = Topic()
    bound(topic, "one", "a.b")
    bound(topic, "any", "*.*")
    assert targets(topic.match("*.b", None, 0)) == ["any"]
    assert targets(topic.match("#", None, 0)) == []


def test_many_wildcards_cost_no_more_than_words_times_nodes() -> None:
    topic = Topic()
    bound(topic, "hard", ".".join(["#", "a"] * 100))
    assert topic.match(".".join(["a"] * 250), None, 0) != ()
    assert topic.match(".".join(["a"] * 99), None, 0) == ()


def test_a_binding_has_a_bounded_number_of_words() -> None:
    topic = Topic()
    topic.check(".".join(["a"] * WORDS_MAX), {})
    with pytest.raises(InvalidArgument):
        topic.check("." * WORDS_MAX, {})


def test_clients_that_invent_keys_do_not_fill_the_memory() -> None:
    topic = Topic()
    binding: Binding = bound(topic, "all", "#")
    for number in range(KEYS_CACHED_MAX + 10):
        assert topic.match(str(number), None, 0) == (binding,)
    assert len(topic._cache) <= KEYS_CACHED_MAX
