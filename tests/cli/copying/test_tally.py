"""What the counts of a copy must come to."""

from dragoman.cli.copying.tally import Tally


def test_all_that_was_read_is_accounted_for() -> None:
    tally = Tally(read=6, written=3, filtered=2, dropped=1, expected=6, arrived=4)
    assert tally.problems(whole=True) == []
    tally.written = 2
    assert tally.problems(whole=True) == ["6 read, but 5 written, filtered or dropped"]


def test_a_source_that_had_more_is_a_problem_unless_it_was_cut_short() -> None:
    tally = Tally(read=2, written=2, expected=3)
    assert tally.problems(whole=True) == ["the source had 3, but 2 were read"]
    assert tally.problems(whole=False) == []
    assert Tally(read=2, written=2).problems(whole=True) == []


def test_a_destination_that_lost_some_is_a_problem() -> None:
    tally = Tally(read=2, written=2, arrived=1)
    assert tally.problems(whole=False) == ["2 written, but the destination grew by 1"]
