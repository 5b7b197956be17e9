import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.eventhubs.hashing import _hash, code_of, partition_of

CODES = {
    "k1": 23816,
    "alphabet": -23478,
    "a": -16220,
    "7149583486996073602": 12977,
    "teleportation": -10913,
    "abcdefghijkl": -2373,
    "0123456789abcdef": 9821,
}
"""As azure-eventhub and @azure/event-hubs say."""


@pytest.mark.parametrize(("key", "code"), CODES.items())
def test_codes_are_the_services(key: str, code: int) -> None:
    assert code_of(key) == code


@pytest.mark.parametrize(
    ("key", "count", "partition"),
    [("alphabet", 32, 22), ("a", 32, 28), ("teleportation", 4, 1), ("k1", 32, 8)],
)
def test_negative_codes_are_divided_towards_zero(key: str, count: int, partition: int) -> None:
    assert partition_of(key, count) == partition


def test_the_hash_is_its_inventors() -> None:
    assert _hash(b"") == (0xDEADBEEF, 0xDEADBEEF)
    assert _hash(b"Four score and seven years ago") == (0x17770551, 0xCE7226E6)


@given(st.text(max_size=40), st.integers(1, 32))
def test_every_key_has_a_partition_and_keeps_it(key: str, count: int) -> None:
    partition = partition_of(key, count)
    assert 0 <= partition < count
    assert partition == partition_of(key, count)
    assert -(1 << 15) <= code_of(key) < 1 << 15
