"""A round begins with its dirty part, and knows nothing yet."""

from dragoman.kernel.compaction import NEVER, Compaction, Round


def test_a_round_learns_from_where_it_was_compacted_to() -> None:
    round_ = Round((7, 0), 30, 90)
    assert (round_.at, round_.limit, round_.is_learning) == (30, 90, True)
    assert round_.tombstone_ms == NEVER


def test_nothing_is_under_way_at_first() -> None:
    assert Compaction().round is None
