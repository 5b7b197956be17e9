from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.doors.servicebus.tokens import (
    OFFSET_BITS,
    place_of,
    read,
    schedule_at,
    scheduled_of,
    sequence_of,
    write,
)
from dragoman.kernel.filters import arrival
from dragoman.kernel.state import HOLDER_BITS


@given(st.integers(0, (1 << 64) - 1), st.integers(0, 0xFFFF), st.integers(0, (1 << 48) - 1))
def test_a_lock_token_names_its_lease_through_a_guid(
    holder: int, partition: int, offset: int
) -> None:
    lock = read(UUID(bytes_le=write(holder, partition, offset)))
    assert (lock.holder, lock.partition, lock.offset) == (holder, partition, offset)


@given(st.integers(0, 100), st.integers(0, 1 << 40))
def test_a_sequence_number_is_a_place(partition: int, offset: int) -> None:
    assert place_of(sequence_of(partition, offset)) == (partition, offset)


@given(st.integers(0, 100), st.integers(0, 1 << 40))
def test_filters_number_messages_alike(partition: int, offset: int) -> None:
    assert OFFSET_BITS == arrival.OFFSET_BITS
    arrived = arrival.Place(partition, offset, 0, None).arrived(Source(), 0)
    assert arrived.attribute("sequence") == sequence_of(partition, offset)


def test_the_first_message_is_number_one() -> None:
    assert sequence_of(0, 0) == 1


@given(st.integers(0, (1 << 26) - 1), st.integers(0, (1 << 36) - 2), st.integers(0, 0x3FFF))
def test_a_schedules_number_is_its_place_and_no_messages(
    stream: int, offset: int, partition: int
) -> None:
    number = scheduled_of(stream, offset)
    assert schedule_at(number) == (stream, offset)
    assert sequence_of(partition, offset) < number < 1 << 63
    assert schedule_at(sequence_of(partition, offset)) is None


def test_holders_of_any_life_of_the_store_have_tokens() -> None:
    holder = 70_000 << HOLDER_BITS | 1
    assert read(UUID(bytes_le=write(holder, 0, 5))).holder == holder
