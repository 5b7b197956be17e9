"""Epochs with a meaning of their own are none that a member can be at."""

from dragoman.kernel.groups.beats import JOIN, LEAVE, LEAVE_FOR_NOW


def test_special_epochs_are_below_all_others() -> None:
    assert sorted({JOIN, LEAVE, LEAVE_FOR_NOW}) == [-2, -1, 0]
