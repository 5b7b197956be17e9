import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.framing import decode, encode, encode_frame
from dragoman.kernel.records import Leased, Published, Record, Settled, Target

large = st.integers(0, 3).map(lambda number: b"%d" % number * 20_000)
bodies = st.lists(st.binary(max_size=8) | large, min_size=1, max_size=8)


def published(found: list[bytes]) -> Published:
    return Published((Target(1, 0, 5),), 1, found, 0, 1000, keys=[b""] * len(found), latest_ms=7)


@given(st.lists(bodies, max_size=3))
def test_a_frame_gives_back_its_records_whatever_their_bodies(many: list[list[bytes]]) -> None:
    records: list[Record] = [Leased(1, 0, 5, 9, 3, True)]
    for found in many:
        records += [published(found), Settled(1, 0, 1, 2, [(5, 9)])]
    assert decode(encode(records)) == records


def test_a_large_body_is_handed_on_as_it_is() -> None:
    body = b"x" * 100_000
    assert any(piece is body for piece in encode_frame([published([body])]))


@given(st.integers(min_value=0, max_value=60))
def test_a_payload_cut_short_is_refused(cut: int) -> None:
    payload = encode([published([b"hello", b"world"])])
    with pytest.raises(Exception) as refusal:
        decode(payload[: min(cut, len(payload) - 1)])
    assert isinstance(refusal.value, ValueError)
