"""What leaves: within both windows, in order within a stream, in turn between them."""

from hypothesis import given
from hypothesis import strategies as st
from tests.wire.http2.peer import Peer, headers

from dragoman.wire.http2.errors import NO_ERROR
from dragoman.wire.http2.frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    RST_STREAM,
    SETTINGS,
    frame,
    window_update,
)
from dragoman.wire.http2.settings import DEFAULT_WINDOW_BYTES
from dragoman.wire.http2.streams import Http2Stream

SMALL = frame(SETTINGS, 0, 0, b"\0\x04\0\0\0\x0a")  # ten bytes a stream


def begun(peer: Peer, stream_id: int, *, ends: bool = True) -> Http2Stream:
    stream = peer.give(headers(stream_id, ends=ends))[0].stream
    assert stream is not None
    return stream


def test_an_answer_that_fits_leaves_at_once_with_its_end() -> None:
    peer = Peer()
    stream = begun(peer, 1)
    peer.wire.sending.answer(stream, b"\x88", b"hi", b"\x00\x01x\x01y")
    head, content, last = peer.take()
    assert (head[0], peer.fields(head[3])) == (HEADERS, [(b":status", b"200")])
    assert content == (DATA, 0, 1, b"hi")
    assert last[:3] == (HEADERS, END_HEADERS | END_STREAM, 1)
    assert not peer.wire.streams


def test_one_that_does_not_fit_waits_for_room() -> None:
    peer = Peer()
    peer.give(SMALL)
    stream = begun(peer, 1)
    peer.take()
    sending = peer.wire.sending
    sending.answer(stream, b"\x88", b"0123456789abcdef", b"\x00\x01x\x01y")
    assert [one[3] for one in peer.take() if one[0] == DATA] == [b"0123456789"]
    assert (sending.unsent_bytes, sending.finished_bytes) == (6, 6)
    assert peer.give(window_update(1, 3)) and peer.take() == [(DATA, 0, 1, b"abc")]
    peer.give(window_update(1, 100))
    assert [one[0] for one in peer.take()] == [DATA, HEADERS]
    assert (sending.unsent_bytes, sending.finished_bytes) == (0, 0)


def test_without_trailers_the_last_of_the_content_ends_it() -> None:
    peer = Peer()
    peer.give(SMALL)
    stream = begun(peer, 1)
    sending = peer.wire.sending
    sending.head(stream, b"\x88")
    sending.data(stream, bytes(12))
    sending.finish(stream)
    peer.take()
    peer.give(window_update(1, 2))
    assert peer.take() == [(DATA, END_STREAM, 1, bytes(2))]


def test_a_window_made_smaller_may_be_below_zero() -> None:
    peer = Peer()
    stream = begun(peer, 1)
    peer.wire.sending.head(stream, b"\x88")
    peer.wire.sending.data(stream, bytes(100))
    peer.give(SMALL)
    assert stream.room_bytes == 10 - 100
    peer.take()
    peer.wire.sending.data(stream, b"x")
    assert peer.take() == []
    peer.give(window_update(1, 91))
    assert peer.take() == [(DATA, 0, 1, b"x")]


def test_streams_that_wait_take_turns() -> None:
    peer = Peer()
    peer.give(frame(SETTINGS, 0, 0, b"\0\x04\x7f\xff\xff\xff"))
    streams = [begun(peer, stream_id) for stream_id in (1, 3)]
    for stream in streams:
        peer.wire.sending.head(stream, b"\x88")
        peer.wire.sending.data(stream, bytes(60_000))
    peer.take()
    peer.give(window_update(0, 40_000))
    turns = [stream_id for _, _, stream_id, _ in peer.take()]
    assert set(turns) == {1, 3}


def test_an_end_before_the_clients_tells_it_to_stop() -> None:
    peer = Peer()
    stream = begun(peer, 1, ends=False)
    peer.wire.sending.head(stream, b"\x88", ends=True)
    assert [one[0] for one in peer.take()] == [HEADERS, RST_STREAM]
    assert peer.fate(frame(DATA, 0, 1, b"on its way")) == ("", NO_ERROR)


def test_a_long_block_is_continued() -> None:
    peer = Peer()
    stream = begun(peer, 1)
    peer.wire.sending.head(stream, b"\x00\x01x\x7f\x81\x9c\x01" + bytes(20_000), ends=True)
    first, second = peer.take()
    assert first[:3] == (HEADERS, END_STREAM, 1)
    assert second[:3] == (CONTINUATION, END_HEADERS, 1)
    assert len(first[3]) == 1 << 14


def test_a_peer_without_a_table_is_told_that_none_is_used() -> None:
    peer = Peer()
    peer.give(frame(SETTINGS, 0, 0, b"\0\x01\0\0\0\0"))
    peer.take()
    stream = begun(peer, 1)
    peer.wire.sending.answer(stream, b"\x88", b"", b"\x88")
    assert peer.take()[0][3] == b"\x20\x88"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(0, 2), st.integers(0, 40_000)),
            st.tuples(st.just("grow"), st.integers(0, 3), st.integers(1, 50_000)),
            st.tuples(st.just("end"), st.integers(0, 2), st.just(0)),
        ),
        max_size=30,
    )
)
def test_windows_are_kept_and_everything_arrives_in_order(
    steps: list[tuple[str, int, int]],
) -> None:
    peer = Peer()
    streams = [begun(peer, 1 + 2 * number) for number in range(3)]
    for stream in streams:
        peer.wire.sending.head(stream, b"\x88")
    peer.take()
    room = {0: DEFAULT_WINDOW_BYTES} | dict.fromkeys((1, 3, 5), DEFAULT_WINDOW_BYTES)
    sent = {1: b"", 3: b"", 5: b""}
    got = {1: b"", 3: b"", 5: b""}
    ended: set[int] = set()

    def take() -> None:
        for kind, flags, stream_id, payload in peer.take():
            if kind == DATA:
                room[0] -= len(payload)
                room[stream_id] -= len(payload)
                assert room[0] >= 0 and room[stream_id] >= 0
                assert stream_id not in ended
                got[stream_id] += payload
            if flags & END_STREAM and kind in {DATA, HEADERS}:
                ended.add(stream_id)

    finished: set[int] = set()
    for what, which, size in steps:
        if what == "grow":
            stream_id = (0, 1, 3, 5)[which]
            if stream_id not in ended:
                room[stream_id] += size
                peer.give(window_update(stream_id, size))
        elif streams[which].id not in finished:
            stream = streams[which]
            if what == "send":
                content = bytes([len(sent[stream.id]) % 251]) * size
                sent[stream.id] += content
                peer.wire.sending.data(stream, content)
            else:
                finished.add(stream.id)
                peer.wire.sending.finish(stream, b"\x88")
        take()
    for _ in range(4):
        for stream_id in room:
            if stream_id not in ended:
                room[stream_id] += 1_000_000
                peer.give(window_update(stream_id, 1_000_000))
    take()
    assert got == sent
    assert ended == finished
    assert peer.wire.sending.unsent_bytes == 0
