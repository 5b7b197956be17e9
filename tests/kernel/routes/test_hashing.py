from collections import Counter

from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.nodes import Attribute, Header
from dragoman.kernel.routes.hashing import bytes_of, hash_of, message_hash, mix
from dragoman.model.message import Typed


def test_the_hash_is_the_same_for_ever() -> None:
    assert hash_of(b"") == 0xE4A6A0577479B2B4
    assert hash_of(b"orders") == 0xD5ACEBE867B47F4D
    assert mix(1) == 0x5692161D100B05E5
    assert message_hash(None, "orders", None) == hash_of(b"orders")


def test_a_field_takes_the_place_of_the_key() -> None:
    source = Source({"customer": "c1"}, {"correlation": "c2"})
    assert message_hash(Header("customer"), "key", source) == hash_of(b"c1")
    assert message_hash(Attribute("correlation"), "key", source) == hash_of(b"c2")
    assert message_hash(Header("absent"), "key", source) == hash_of(b"")


def test_values_are_hashed_without_their_width() -> None:
    assert bytes_of(Typed("i8", 7)) == bytes_of(7) == b"7"
    assert bytes_of(b"raw") == bytes_of("raw")
    assert bytes_of("\udc80") != bytes_of("")


def test_mixing_spreads_neighbours_evenly() -> None:
    counts = Counter(mix(number) % 10 for number in range(10_000))
    assert all(900 < count < 1100 for count in counts.values())
