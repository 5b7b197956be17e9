"""Partitions shared among members: all of them, each once, evenly, and with little moved."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.groups.assignors import Place, assign_range, assign_uniform

WANTS = st.dictionaries(
    st.sampled_from("abcdefg"), st.frozensets(st.integers(1, 4), max_size=4), min_size=1
)
COUNTS = st.fixed_dictionaries({stream: st.integers(0, 9) for stream in range(1, 5)})


def check(
    wants: dict[str, frozenset[int]], counts: dict[int, int], shares: dict[str, set[Place]]
) -> None:
    given_ = [place for places in shares.values() for place in places]
    assert len(given_) == len(set(given_))
    read = frozenset().union(*wants.values())
    assert set(given_) == {(s, at) for s, n in counts.items() if s in read for at in range(n)}
    assert all(place[0] in wants[member] for member in shares for place in shares[member])


@given(WANTS, COUNTS)
def test_every_partition_that_is_wanted_is_given_once(
    wants: dict[str, frozenset[int]], counts: dict[int, int]
) -> None:
    check(wants, counts, assign_range(wants, counts, {}))
    check(wants, counts, assign_uniform(wants, counts, {}))


@given(st.integers(1, 7), st.integers(1, 7), COUNTS)
def test_who_wants_the_same_has_the_same_and_keeps_what_it_had(
    first: int, then: int, counts: dict[int, int]
) -> None:
    everything = frozenset(counts)
    before = assign_uniform(dict.fromkeys("abcdefg"[:first], everything), counts, {})
    shares = assign_uniform(dict.fromkeys("abcdefg"[:then], everything), counts, before)
    sizes = [len(places) for places in shares.values()]
    assert max(sizes) - min(sizes) <= 1
    for member in set(before) & set(shares):
        kept = len(before[member] & shares[member])
        assert kept == min(len(before[member]), len(shares[member]))


def test_ranges_of_topics_with_as_many_partitions_go_together() -> None:
    wants = dict.fromkeys("abc", frozenset({1, 2}))
    shares = assign_range(wants, {1: 7, 2: 7}, {})
    for member in wants:
        of_one, of_two = ({at for s, at in shares[member] if s == stream} for stream in (1, 2))
        assert of_one == of_two
