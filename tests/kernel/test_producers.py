import pytest

from dragoman.kernel import producers
from dragoman.kernel.commands import Producer
from dragoman.kernel.producers import (
    BATCHES_MAX,
    SEQUENCES,
    ProducerState,
    duplicate_of,
    last_sequence,
    remember,
)
from dragoman.model.errors import OutOfOrderSequence, ProducerFenced, UnknownProducer

Known = dict[int, ProducerState]


def batch(sequence: int, count: int = 1, *, epoch: int = 0, number: int = 7) -> Producer:
    return Producer(number, epoch, sequence, count, transactional=False)


def after(*batches: Producer) -> Known:
    known: Known = {}
    offset = 0
    for each in batches:
        assert duplicate_of(known, each) == -1
        remember(known, each, offset)
        offset += each.count
    return known


def test_a_repeated_batch_is_answered_with_its_old_offset() -> None:
    known = after(batch(0, 5), batch(5, 3), batch(8, 2))
    assert duplicate_of(known, batch(5, 3)) == 5
    assert duplicate_of(known, batch(10)) == -1


def test_a_batch_that_went_into_several_records_counts_once_where_it_begins() -> None:
    known = after(batch(0, 2))
    for offset in range(2, 2 + 2 * BATCHES_MAX):
        remember(known, batch(2, 2 * BATCHES_MAX), offset)
    assert duplicate_of(known, batch(2, 2 * BATCHES_MAX)) == 2
    assert duplicate_of(known, batch(0, 2)) == 0


def test_a_batch_too_long_ago_is_out_of_order() -> None:
    known = after(*[batch(number) for number in range(BATCHES_MAX + 1)])
    with pytest.raises(OutOfOrderSequence):
        duplicate_of(known, batch(0))


def test_a_gap_is_refused() -> None:
    with pytest.raises(OutOfOrderSequence):
        duplicate_of(after(batch(0)), batch(2))


def test_a_producer_begins_with_sequence_zero_also_in_a_new_epoch() -> None:
    with pytest.raises(UnknownProducer):
        duplicate_of({}, batch(3))
    known = after(batch(0), batch(1))
    assert duplicate_of(known, batch(0, epoch=1)) == -1
    with pytest.raises(OutOfOrderSequence):
        duplicate_of(known, batch(2, epoch=1))


def test_an_old_epoch_is_fenced() -> None:
    known = after(batch(0))
    remember(known, batch(0, epoch=2), 1)
    with pytest.raises(ProducerFenced):
        duplicate_of(known, batch(1, epoch=1))


def test_sequences_wrap() -> None:
    assert last_sequence(batch(SEQUENCES - 1, 2)) == 0
    known: Known = {}
    remember(known, batch(SEQUENCES - 2, 2), 0)
    assert duplicate_of(known, batch(0)) == -1


def test_the_longest_silent_producer_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    if not str(producers.__file__).endswith(".py"):
        pytest.skip("compiled modules have their limits built in")
    monkeypatch.setattr(producers, "PRODUCERS_MAX", 2)
    known: Known = {}
    for number in (1, 2, 1, 3):
        remember(known, batch(0, number=number), 0)
    assert set(known) == {1, 3}
