"""Epochs, beside a list that holds the epoch of each entry."""

from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.epochs import EPOCHS_MAX, Epochs

LIVES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=12)


def made_of(lives: list[tuple[int, int]]) -> tuple[Epochs, list[int]]:
    """`lives` as (how many later than the one before, entries)."""
    epoch, log = 0, list[int]()
    epochs: Epochs | None = None
    for later, entries in lives:
        epoch += later
        if epochs is None:
            epochs = Epochs(epoch, 0)
        else:
            epochs.begin(epoch, len(log))
        log += [epoch] * entries
    assert epochs is not None
    return epochs, log


@given(LIVES)
def test_each_entry_has_the_epoch_it_was_written_in(lives: list[tuple[int, int]]) -> None:
    epochs, log = made_of(lives)
    assert [epochs.at(offset) for offset in range(len(log))] == log


@given(LIVES, st.integers(0, 40))
def test_an_epoch_ends_where_a_later_one_has_its_first_entry(
    lives: list[tuple[int, int]], epoch: int
) -> None:
    epochs, log = made_of(lives)
    before = [known for known in log if known <= epoch]
    expected = before[-1] if before else epoch
    assert epochs.end_of(epoch, len(log)) == (expected, len(before))


@given(LIVES)
def test_epochs_made_again_from_what_they_say_are_the_same(lives: list[tuple[int, int]]) -> None:
    epochs, log = made_of(lives)
    (epoch, since), *more = epochs.all()
    again = Epochs(epoch, since)
    for epoch, since in more:
        again.begin(epoch, since)
    assert again.all() == epochs.all()
    assert len(log) >= again.since


def test_a_life_that_is_not_later_changes_nothing() -> None:
    epochs = Epochs(5, 0)
    for epoch in (5, 4):
        epochs.begin(epoch, 7)
    assert epochs.all() == [(5, 0)]


def test_of_very_many_lives_the_last_are_known() -> None:
    epochs = Epochs(1, 0)
    for epoch in range(2, EPOCHS_MAX + 10):
        epochs.begin(epoch, epoch)
    assert len(epochs.all()) == EPOCHS_MAX + 1
    assert epochs.at(0) == epochs.earlier[0][0]
