"""How the partitions of a share group are shared out."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.groups.shared import Shared, SharedMember, share_out

MEMBERS = st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.integers(1, 3)), min_size=1)
PARTITIONS = st.fixed_dictionaries({stream: st.integers(1, 4) for stream in (1, 2, 3)})


@given(MEMBERS, PARTITIONS)
def test_every_partition_has_a_reader_and_every_member_a_partition(
    wants: dict[str, frozenset[int]], partitions: dict[int, int]
) -> None:
    _, target = share_out(wants, partitions, {})
    read = set().union(*target.values())
    wanted = {stream for streams in wants.values() for stream in streams}
    assert read == {(stream, at) for stream in wanted for at in range(partitions[stream])}
    for member, places in target.items():
        assert {stream for stream, _ in places} <= wants[member]
        assert bool(places) == bool(wants[member])


def test_who_is_left_without_reads_along_where_there_are_fewest() -> None:
    wants = {name: frozenset([1]) for name in "abcde"}
    _, target = share_out(wants, {1: 2}, {})
    readers = [place for places in target.values() for place in places]
    assert sorted(readers.count((1, at)) for at in (0, 1)) == [2, 3]


def test_little_moves_when_a_member_comes() -> None:
    first, _ = share_out({"a": frozenset([1])}, {1: 4}, {})
    after, _ = share_out({"a": frozenset([1]), "b": frozenset([1])}, {1: 4}, first)
    assert len(first["a"] - after["a"]) == 2


def test_the_first_to_be_silent_for_too_long_is_waited_for() -> None:
    shared = Shared()
    assert shared.next_ms() == 0
    for name, expires_ms in (("a", 30), ("b", 20)):
        shared.members[name] = member = SharedMember(name)
        member.expires_ms = expires_ms
    assert shared.next_ms() == 20
