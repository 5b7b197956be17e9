from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.fakes.kernel import make_kernel

from dragoman.kernel.commands import CreateStream
from dragoman.kernel.groups.readers import NO_LEVEL, READERS_MAX, CloseReader, OpenReader
from dragoman.kernel.kernel import Kernel
from dragoman.kernel.settings import StreamSettings
from dragoman.model.errors import (
    PartitionNotFound,
    QuotaExceeded,
    ReaderFenced,
    StreamNotFound,
)


def hub(partitions: int = 2) -> Kernel:
    kernel = make_kernel()
    kernel.submit(CreateStream(name="h", settings=StreamSettings(partitions)), 1)
    return kernel


def opened(kernel: Kernel, session: int, level: int = NO_LEVEL, **more: Any) -> int:
    command = OpenReader(**{"name": "h", "partition": 0, "group": "g", "level": level, **more})
    ticket: int = kernel.submit(command, session)
    return ticket


def told(kernel: Kernel) -> list[tuple[int, int]]:
    """(session, ticket) of those that were told to end."""
    answers, kernel.state.groups.answers = kernel.state.groups.answers, []
    assert all(isinstance(result, ReaderFenced) for _, _, result in answers)
    return [(session, ticket) for session, ticket, _ in answers]


def test_an_owner_of_the_same_or_a_higher_level_takes_over_and_a_lower_one_is_refused() -> None:
    kernel = hub()
    first = opened(kernel, 1, 5)
    with pytest.raises(ReaderFenced):
        opened(kernel, 2, 4)
    assert told(kernel) == []
    second = opened(kernel, 2, 5)
    assert told(kernel) == [(1, first)]
    opened(kernel, 3, 6)
    assert told(kernel) == [(2, second)]


def test_an_owner_ends_all_that_claim_nothing_and_keeps_them_out() -> None:
    kernel = hub()
    there = [(session, opened(kernel, session)) for session in (1, 2)]
    owner = opened(kernel, 3, 0)
    assert told(kernel) == there
    with pytest.raises(ReaderFenced):
        opened(kernel, 1)
    kernel.submit(CloseReader(ticket=owner), 3)
    opened(kernel, 1)
    assert told(kernel) == []


def test_so_many_read_a_partition_for_a_group_and_no_more() -> None:
    kernel = hub()
    for session in range(READERS_MAX):
        opened(kernel, session)
    with pytest.raises(QuotaExceeded):
        opened(kernel, 9)
    opened(kernel, 9, group="other")
    opened(kernel, 9, partition=1)
    kernel.close_session(0)
    opened(kernel, 9)


def test_a_reader_is_closed_by_its_own_session_and_twice_is_fine() -> None:
    kernel = hub()
    mine = opened(kernel, 1, 7)
    kernel.submit(CloseReader(ticket=mine), 2)
    with pytest.raises(ReaderFenced):
        opened(kernel, 2, 1)
    for _ in range(2):
        kernel.submit(CloseReader(ticket=mine), 1)
    opened(kernel, 2, 1)


def test_what_is_not_there_is_not_read() -> None:
    kernel = hub()
    with pytest.raises(StreamNotFound):
        opened(kernel, 1, name="nobody")
    with pytest.raises(PartitionNotFound):
        opened(kernel, 1, partition=2)
    with pytest.raises(PartitionNotFound):
        opened(kernel, 1, partition=-1)


class ReadersModel(RuleBasedStateMachine):
    """Against a list of (session, ticket, level)."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = hub(1)
        self.there: list[tuple[int, int, int]] = []

    @rule(session=st.integers(1, 4), level=st.integers(-1, 3))
    def open(self, session: int, level: int) -> None:
        highest = max((known for _, _, known in self.there), default=-1)
        is_full = level == NO_LEVEL and len(self.there) == READERS_MAX
        if highest > level or is_full:
            with pytest.raises((ReaderFenced, QuotaExceeded)):
                opened(self.kernel, session, level)
            return
        ticket = opened(self.kernel, session, level)
        ended = self.there if level != NO_LEVEL else []
        assert told(self.kernel) == [(one, known) for one, known, _ in ended]
        self.there = [*(() if ended else self.there), (session, ticket, level)]

    @rule(session=st.integers(1, 4))
    def leave(self, session: int) -> None:
        self.kernel.close_session(session)
        self.there = [known for known in self.there if known[0] != session]

    @rule(index=st.integers(0, 9))
    def close(self, index: int) -> None:
        if self.there:
            session, ticket, _ = self.there.pop(index % len(self.there))
            self.kernel.submit(CloseReader(ticket=ticket), session)

    @invariant()
    def either_one_owner_or_none(self) -> None:
        readers = [
            reader for known in self.kernel.state.readers.at.values() for reader in known.values()
        ]
        levels = [reader.level for reader in readers]
        assert len(levels) <= READERS_MAX
        assert NO_LEVEL in levels or len(levels) <= 1
        assert len(set(levels)) <= 1
        assert sorted(
            (reader.session, reader.ticket, reader.level) for reader in readers
        ) == sorted(self.there)


TestReadersModel = ReadersModel.TestCase
TestReadersModel.settings = settings(stateful_step_count=30)
