"""The fast ways in and out say what the general tables say."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp10.peer import frames_of

from dragoman.wire.amqp10.composites import from_bytes, to_bytes
from dragoman.wire.amqp10.decode import DecodeError
from dragoman.wire.amqp10.messaging import ACCEPTED, RELEASED, Modified, Rejected
from dragoman.wire.amqp10.performatives import Disposition, Transfer
from dragoman.wire.amqp10.transfers import (
    TransferTemplate,
    disposition_frame,
    read_disposition,
    read_transfer,
)

U32 = st.integers(0, 0xFFFF_FFFF) | st.integers(0, 300)
STATES: st.SearchStrategy[Any] = st.sampled_from(
    [None, ACCEPTED, RELEASED, Rejected(), Modified(True, False)]
)
TRANSFERS = st.builds(
    Transfer,
    U32,
    st.none() | U32,
    st.none() | st.binary(max_size=32),
    st.none() | U32,
    st.none() | st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 1),
    STATES,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
DISPOSITIONS = st.builds(
    Disposition, st.booleans(), U32, st.none() | U32, st.booleans(), STATES, st.booleans()
)


@given(TRANSFERS, st.binary(max_size=5))
def test_a_transfer_is_read_as_the_tables_read_it(transfer: Transfer, payload: bytes) -> None:
    data = to_bytes(transfer)
    assert read_transfer(b"x" + data + payload, 1) == (transfer, 1 + len(data))


@given(DISPOSITIONS)
def test_a_disposition_is_read_as_the_tables_read_it(disposition: Disposition) -> None:
    assert read_disposition(to_bytes(disposition), 0) == disposition


@pytest.mark.parametrize(
    "short",
    [
        "005314c003015207",
        "005314c00402520743",
        "005314c00703520743a00174",
        "005314c00905520743a0017443" + "41",
    ],
)
def test_short_lists_are_read_as_the_tables_read_them(short: str) -> None:
    data = bytes.fromhex(short)
    try:
        expected = from_bytes(data, 0)
    except DecodeError:
        with pytest.raises(DecodeError):
            read_transfer(data, 0)
    else:
        assert read_transfer(data, 0) == expected


def test_pythons_accepted_is_read() -> None:
    body = bytes.fromhex("415203520341005324c00100")
    data = b"\0\x53\x15\xc0" + bytes((len(body) + 1, 5)) + body
    assert read_disposition(data, 0) == Disposition(True, 3, 3, True, ACCEPTED)


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    for head, read in ((b"\0\x53\x14\xc0", read_transfer), (b"\0\x53\x15\xc0", read_disposition)):
        try:
            read(head + tail, 0)
        except DecodeError:
            continue


@given(
    st.integers(0, 255),
    st.binary(max_size=32),
    st.booleans(),
    st.binary(max_size=2_000),
    st.integers(512, 3_000),
)
def test_a_delivery_is_written_in_frames_no_larger_than_the_peer_takes(
    id: int, tag: bytes, settled: bool, payload: bytes, frame_bytes_max: int
) -> None:
    written = TransferTemplate(3, 5, frame_bytes_max).write(id, tag, settled, payload)
    assert all(len(frame) <= frame_bytes_max for frame in written)
    frames = frames_of(b"".join(written))
    first = frames[0].body
    assert first == Transfer(5, id, tag, 0, settled, len(frames) > 1)
    assert all(frame.body == Transfer(5, more=True) for frame in frames[1:-1])
    assert frames[-1].body.more is False
    assert b"".join(frame.payload for frame in frames) == payload
    assert all(frame.channel == 3 for frame in frames)


@given(DISPOSITIONS)
def test_a_disposition_is_written_as_the_tables_write_it(said: Disposition) -> None:
    last = said.first if said.last is None else said.last
    data = disposition_frame(4, said.role, said.first, last, said.settled, said.state)
    (frame,) = frames_of(data)
    assert frame.body == Disposition(said.role, said.first, last, said.settled, said.state)
