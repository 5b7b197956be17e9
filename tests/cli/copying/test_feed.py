"""The reader's thread."""

import pytest
from tests.fakes.ends import ListReader, entry

from dragoman.app.loop import SystemClock
from dragoman.cli.copying.feed import BATCH_BYTES_MAX, Feed
from dragoman.cli.errors import CommandError

SMALL = [entry(b"x")] * 10


def feed(reader: ListReader, batch_max: int = 4, limit: int | None = None) -> Feed:
    return Feed(reader, SystemClock(), batch_max=batch_max, limit=limit, idle_ms=0)


def test_batches_come_until_the_reader_is_done() -> None:
    reader = ListReader(SMALL)
    it = feed(reader)
    sizes = []
    while (batch := it.next()) is not None:
        sizes.append(len(batch))
        it.settle(batch)
    it.stop()
    assert sizes == [4, 4, 2]
    assert reader.settled == list(range(10))


def test_a_limit_cuts_the_last_batch() -> None:
    reader = ListReader(SMALL)
    it = feed(reader, limit=6)
    sizes = []
    while (batch := it.next()) is not None:
        sizes.append(len(batch))
        it.settle(batch)
    it.stop()
    assert sizes == [4, 2]


def test_what_was_not_given_back_is_not_settled_when_it_stops() -> None:
    reader = ListReader(SMALL)
    it = feed(reader)
    first = it.next()
    it.next()
    assert first is not None
    it.settle(first)
    it.stop()
    assert reader.settled == [0, 1, 2, 3]
    assert reader.is_closed


def test_batches_of_large_messages_are_small() -> None:
    reader = ListReader([entry(bytes(BATCH_BYTES_MAX // 2))] * 6)
    it = feed(reader, batch_max=3)
    sizes = []
    while (batch := it.next()) is not None:
        sizes.append(len(batch))
        it.settle(batch)
    it.stop()
    assert sizes == [3, 1, 1, 1]


def test_what_the_reader_raises_is_raised_where_batches_are_asked_for() -> None:
    it = feed(ListReader(SMALL, breaks_after=0))
    with pytest.raises(CommandError, match="the reader broke"):
        it.next()
    with pytest.raises(CommandError, match="the reader broke"):
        it.stop()
