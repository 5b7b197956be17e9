from dragoman.formats.errors import FormatError, TooLarge
from dragoman.model.errors import InvalidArgument, MessageTooLarge


def test_both_are_refusals_that_every_door_knows() -> None:
    assert issubclass(FormatError, InvalidArgument)
    assert issubclass(TooLarge, MessageTooLarge)


def test_their_codes_are_what_dead_letters_and_logs_say() -> None:
    assert (FormatError.code, TooLarge.code) == ("format", "too-large")


def test_one_that_is_too_large_tells_which_and_by_how_much() -> None:
    error = TooLarge(2, 9_000)
    assert (error.index, error.meta_bytes) == (2, 9_000)
    assert "9000" in str(error)
