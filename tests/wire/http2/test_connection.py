"""A server connection: requests in whatever frames, every rule with its error, bounds, and any bytes at all."""

from itertools import pairwise

import h2.config
import h2.connection
import h2.events
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.http2.peer import GET, HELLO, POST, Peer, block, data, headers

from dragoman.wire.http2 import budgets, fragments
from dragoman.wire.http2.connection import Http2Connection
from dragoman.wire.http2.errors import (
    COMPRESSION_ERROR,
    ENHANCE_YOUR_CALM,
    FLOW_CONTROL_ERROR,
    FRAME_SIZE_ERROR,
    PROTOCOL_ERROR,
    REFUSED_STREAM,
    STREAM_CLOSED,
)
from dragoman.wire.http2.events import BEGUN, CONTENT, PINGED, PONGED, RESET, ROOM, TRAILERS
from dragoman.wire.http2.frames import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    frame,
    rst_stream,
    window_update,
)
from dragoman.wire.http2.settings import STREAM_WINDOW_BYTES, STREAMS_MAX

MAX = (1 << 31) - 1


# --- requests ---


def test_another_librarys_client_is_answered() -> None:
    client = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
    client.initiate_connection()
    client.send_headers(1, [*POST, (b"content-type", b"text/plain")])
    client.send_data(1, b"hello", end_stream=True)
    wire = Http2Connection()
    begun, content = wire.receive(client.data_to_send(), 0)
    assert begun.head is not None and begun.stream is not None
    assert (begun.head.method, begun.head.path) == (b"POST", b"/a")
    assert begun.head.headers == [(b"content-type", b"text/plain")]
    assert (content.kind, content.data, content.ended) == (CONTENT, b"hello", True)
    wire.sending.answer(begun.stream, b"\x88", b"world", b"\x00\x01x\x01y")
    events = client.receive_data(b"".join(wire.sending.data_to_send()))
    kinds = [type(event) for event in events]
    assert h2.events.ResponseReceived in kinds
    assert [e.data for e in events if isinstance(e, h2.events.DataReceived)] == [b"world"]
    assert [e.headers for e in events if isinstance(e, h2.events.TrailersReceived)] == [
        [(b"x", b"y")]
    ]
    assert kinds[-1] is h2.events.StreamEnded
    assert not wire.streams and not wire.is_amid


def test_a_head_may_be_padded_prioritised_and_continued() -> None:
    whole = block(GET)
    payload = b"\x03" + bytes(5) + whole[:4] + b"pad"
    sent = frame(HEADERS, PADDED | WITH_PRIORITY | END_STREAM, 1, payload)
    sent += frame(CONTINUATION, 0, 1, whole[4:9]) + frame(CONTINUATION, END_HEADERS, 1, whole[9:])
    (begun,) = Peer().give(sent)
    assert (begun.kind, begun.ended) == (BEGUN, True)
    assert begun.head is not None and begun.head.path == b"/a"


def test_padding_is_no_content() -> None:
    peer = Peer()
    _, content = peer.give(headers(1) + frame(DATA, PADDED | END_STREAM, 1, b"\x02abxx"))
    assert content.data == b"ab"


def test_trailers_end_a_request() -> None:
    trailers = frame(HEADERS, END_HEADERS | END_STREAM, 1, block([(b"x", b"y")]))
    begun, content, last = Peer().give(headers(1) + data(1, b"a") + trailers)
    assert [begun.kind, content.kind, last.kind] == [BEGUN, CONTENT, TRAILERS]
    assert last.ended


def test_settings_and_pings_are_answered() -> None:
    peer = Peer(greets=False)
    assert peer.give(HELLO + frame(PING, 0, 0, b"12345678"))[0].kind == PINGED
    assert peer.take()[-2:] == [(SETTINGS, ACK, 0, b""), (PING, ACK, 0, b"12345678")]
    peer.wire.ping()
    assert peer.take() == [(PING, 0, 0, bytes(8))]
    assert peer.give(frame(PING, ACK, 0, bytes(8)))[0].kind == PONGED


def test_room_is_told_of() -> None:
    peer = Peer()
    peer.give(headers(1))
    assert [
        event.kind for event in peer.give(window_update(0, 1_000) + window_update(1, 1_000))
    ] == [ROOM, ROOM]
    assert peer.give(frame(SETTINGS, 0, 0, b"\x00\x04\x00\x10\x00\x00"))[0].kind == ROOM


def test_a_stream_that_is_reset_is_told_of_once_and_late_frames_are_passed_over() -> None:
    peer = Peer()
    events = peer.give(headers(1) + rst_stream(1, 8) + window_update(1, 100))
    assert [event.kind for event in events] == [BEGUN, RESET]
    assert events[1].code == 8
    begun = events[0].stream
    assert begun is not None
    peer.wire.sending.answer(begun, b"\x88", b"late", b"")  # its owner looked at it too late
    assert peer.take() == []


def test_what_comes_after_our_reset_is_passed_over() -> None:
    peer = Peer()
    stream = peer.give(headers(1))[0].stream
    assert stream is not None
    peer.wire.sending.reset(stream, 8)
    peer.take()
    assert peer.fate(data(1, b"late", ends=True)) == ("", 0)


def test_a_connection_that_drains_opens_nothing_and_lets_what_is_open_end() -> None:
    peer = Peer()
    peer.give(headers(1))
    peer.wire.go_away("leaving")
    ((kind, _, _, payload),) = peer.take()
    assert (kind, payload) == (GOAWAY, b"\0\0\0\x01" + bytes(4) + b"leaving")
    assert peer.give(headers(3)) == []
    assert peer.give(data(1, b"x", ends=True))[0].kind == CONTENT


# --- rules ---

HTTP1 = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
C, S = "connection", "stream"
OPEN = headers(1)
HALF = headers(1, ends=True)


@pytest.mark.parametrize(
    ("sent", "fate"),
    [
        # 4.2, 5.1: sizes, states
        (frame(DATA, 0, 1, bytes(16_385)), (C, FRAME_SIZE_ERROR)),
        (data(1, b"x"), (C, PROTOCOL_ERROR)),
        (rst_stream(1, 0), (C, PROTOCOL_ERROR)),
        (window_update(1, 1), (C, PROTOCOL_ERROR)),
        (frame(CONTINUATION, 0, 1, b""), (C, PROTOCOL_ERROR)),
        (HALF + data(1, b"x"), (S, STREAM_CLOSED)),
        (HALF + headers(1), (S, STREAM_CLOSED)),
        (OPEN + rst_stream(1, 0) + headers(1), (C, STREAM_CLOSED)),
        (OPEN + rst_stream(1, 0) + data(1, b"x"), (C, STREAM_CLOSED)),
        (OPEN + rst_stream(1, 0) + frame(PRIORITY, 0, 1, bytes(5)), ("", 0)),
        # 5.1.1: whose streams
        (headers(2), (C, PROTOCOL_ERROR)),
        (headers(0), (C, PROTOCOL_ERROR)),
        (headers(5) + headers(3), (C, PROTOCOL_ERROR)),
        (data(0, b"x"), (C, PROTOCOL_ERROR)),
        # 5.3, 6.2, 6.3: priorities
        (frame(PRIORITY, 0, 0, bytes(5)), (C, PROTOCOL_ERROR)),
        (frame(PRIORITY, 0, 1, bytes(4)), (S, FRAME_SIZE_ERROR)),
        (frame(PRIORITY, 0, 1, b"\0\0\0\x01\0"), (S, PROTOCOL_ERROR)),
        (frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0\x01\0" + block(GET)), (S, PROTOCOL_ERROR)),
        (frame(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0"), (C, FRAME_SIZE_ERROR)),
        # 6.1: padding
        (OPEN + frame(DATA, PADDED, 1, b"\x05abc"), (C, PROTOCOL_ERROR)),
        (OPEN + frame(DATA, PADDED, 1, b""), (C, FRAME_SIZE_ERROR)),
        # 6.4 to 6.9: sizes and places of the others
        (OPEN + frame(RST_STREAM, 0, 1, b"\0"), (C, FRAME_SIZE_ERROR)),
        (frame(SETTINGS, ACK, 0, b"\0"), (C, FRAME_SIZE_ERROR)),
        (frame(SETTINGS, 0, 0, bytes(5)), (C, FRAME_SIZE_ERROR)),
        (frame(SETTINGS, 0, 1, b""), (C, PROTOCOL_ERROR)),
        (frame(SETTINGS, 0, 0, b"\0\x02\0\0\0\x02"), (C, PROTOCOL_ERROR)),
        (frame(SETTINGS, 0, 0, b"\0\x04\x80\0\0\0"), (C, FLOW_CONTROL_ERROR)),
        (frame(SETTINGS, 0, 0, b"\0\x05\0\0\0\x01"), (C, PROTOCOL_ERROR)),
        (frame(SETTINGS, 0, 0, b"\0\x99\0\0\0\x01"), ("", 0)),
        (frame(PUSH_PROMISE, 0, 1, bytes(4)), (C, PROTOCOL_ERROR)),
        (frame(PING, 0, 0, bytes(7)), (C, FRAME_SIZE_ERROR)),
        (frame(PING, 0, 1, bytes(8)), (C, PROTOCOL_ERROR)),
        (frame(GOAWAY, 0, 1, bytes(8)), (C, PROTOCOL_ERROR)),
        (frame(GOAWAY, 0, 0, bytes(7)), (C, FRAME_SIZE_ERROR)),
        (frame(GOAWAY, 0, 0, bytes(8)), ("", 0)),
        (frame(WINDOW_UPDATE, 0, 0, bytes(3)), (C, FRAME_SIZE_ERROR)),
        (window_update(0, 0), (C, PROTOCOL_ERROR)),
        (OPEN + window_update(1, 0), (S, PROTOCOL_ERROR)),
        (window_update(0, MAX), (C, FLOW_CONTROL_ERROR)),
        (OPEN + window_update(1, MAX), (S, FLOW_CONTROL_ERROR)),
        (OPEN + window_update(1, MAX - 65_535) + frame(SETTINGS, 0, 0, b"\0\x04\0\x01\0\0"), (C, FLOW_CONTROL_ERROR)),
        # 6.10: nothing in between
        (frame(HEADERS, 0, 1, block(GET)) + data(1, b"x"), (C, PROTOCOL_ERROR)),
        (frame(HEADERS, 0, 1, block(GET)) + frame(CONTINUATION, END_HEADERS, 3, b""), (C, PROTOCOL_ERROR)),
        (frame(HEADERS, 0, 1, block(GET)) + frame(99, 0, 1, b""), (C, PROTOCOL_ERROR)),
        (frame(99, 0, 1, b"unknown"), ("", 0)),
        # 4.3: header blocks
        (frame(HEADERS, END_HEADERS, 1, b"\x80"), (C, COMPRESSION_ERROR)),
        (frame(HEADERS, END_HEADERS, 1, b"\x82\x7f\xff"), (C, COMPRESSION_ERROR)),
        (frame(HEADERS, END_HEADERS, 1, b"\x7f" + b"\xff" * 9_000 + b"\x00"), (C, COMPRESSION_ERROR)),
        # 8.1, 8.2, 8.3: requests
        (headers(1, [*GET, (b"X", b"y")]), (S, PROTOCOL_ERROR)),
        (headers(1, GET[:-2]), (S, PROTOCOL_ERROR)),
        (headers(1, [*GET, (b":path", b"/b")]), (S, PROTOCOL_ERROR)),
        (headers(1, [*GET, (b":status", b"200")]), (S, PROTOCOL_ERROR)),
        (headers(1, [(b"x", b"y"), *GET]), (S, PROTOCOL_ERROR)),
        (headers(1, [*GET, (b"connection", b"close")]), (S, PROTOCOL_ERROR)),
        (headers(1, [*GET, (b"te", b"gzip")]), (S, PROTOCOL_ERROR)),
        (headers(1, [*GET, (b"te", b"trailers")]), ("", 0)),
        (OPEN + headers(1, [(b"x", b"y")]), (S, PROTOCOL_ERROR)),
        (OPEN + headers(1, [(b":path", b"/")], ends=True), (S, PROTOCOL_ERROR)),
        (headers(1, [*POST, (b"content-length", b"2")]) + data(1, b"x", ends=True), (S, PROTOCOL_ERROR)),
        (headers(1, [*POST, (b"content-length", b"2")]) + data(1, b"xyz"), (S, PROTOCOL_ERROR)),
        (headers(1, [*POST, (b"content-length", b"2")], ends=True), (S, PROTOCOL_ERROR)),
        (headers(1, [*POST, (b"content-length", b"2")]) + data(1, b"xy", ends=True), ("", 0)),
    ],
)  # fmt: skip
def test_each_rule_has_its_error(sent: bytes, fate: tuple[str, int]) -> None:
    peer = Peer()
    assert peer.fate(sent) == fate
    if fate[0] != C:
        assert peer.give(headers(99))[0].kind == BEGUN  # the connection goes on


@pytest.mark.parametrize(
    "sent", [HTTP1, PREFACE + frame(PING, 0, 0, bytes(8)), PREFACE + frame(SETTINGS, ACK, 0, b"")]
)
def test_what_does_not_begin_as_http2_is_refused(sent: bytes) -> None:
    assert Peer(greets=False).fate(sent) == (C, PROTOCOL_ERROR)


# --- bounds ---


def test_no_more_streams_than_were_announced() -> None:
    peer = Peer()
    for number in range(STREAMS_MAX):
        peer.give(headers(1 + 2 * number))
    assert peer.fate(headers(1 + 2 * STREAMS_MAX)) == (S, REFUSED_STREAM)
    assert len(peer.wire.streams) == STREAMS_MAX


def test_no_more_content_than_was_granted() -> None:
    peer = Peer()
    peer.wire.grants.hold()
    peer.give(headers(1))
    for _ in range(STREAM_WINDOW_BYTES >> 14):
        peer.give(data(1, bytes(1 << 14)))
    assert peer.fate(data(1, b"x")) == (S, FLOW_CONTROL_ERROR)


FLOODS = {
    "rapid reset": lambda stream_id: headers(stream_id) + rst_stream(stream_id, 8),
    "streams that break a rule": lambda stream_id: headers(stream_id, GET[:-2]),
    "settings": lambda stream_id: frame(SETTINGS, 0, 0, b""),
    "pings": lambda stream_id: frame(PING, 0, 0, bytes(8)),
    "answers to nothing": lambda stream_id: frame(PING, ACK, 0, bytes(8)),
    "settings obeyed": lambda stream_id: frame(SETTINGS, ACK, 0, b""),
    "priorities": lambda stream_id: frame(PRIORITY, 0, stream_id, bytes(5)),
    "windows of a byte": lambda stream_id: window_update(0, 1),
    "unknown frames": lambda stream_id: frame(200, 0, 0, b""),
    "farewells": lambda stream_id: frame(GOAWAY, 0, 0, bytes(8)),
    "empty content": lambda stream_id: (headers(1) if stream_id == 1 else b"") + data(1, b""),
    "empty trailers": lambda stream_id: headers(stream_id, ends=True) + data(stream_id, b"x"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_of_what_costs_its_sender_nothing_ends_the_connection(name: str) -> None:
    peer = Peer()
    most = max(budgets.RESETS[0], budgets.ECHOES[0], budgets.IDLES[0])
    for number in range(most + 2):
        peer.give(FLOODS[name](1 + 2 * number))
    assert peer.wire.failure is not None
    assert peer.wire.failure.code == ENHANCE_YOUR_CALM
    assert len(peer.wire.streams) <= STREAMS_MAX


def test_a_head_without_an_end_is_cut_off() -> None:
    peer = Peer()
    peer.give(frame(HEADERS, 0, 1, b""))
    sent = frame(CONTINUATION, 0, 1, b"\x00") * (fragments.CONTINUATIONS_MAX + 1)
    assert peer.fate(sent) == (C, ENHANCE_YOUR_CALM)
    peer = Peer()
    peer.give(frame(HEADERS, 0, 1, b""))
    sent = frame(CONTINUATION, 0, 1, bytes(1 << 14)) * 5
    assert peer.fate(sent) == (C, ENHANCE_YOUR_CALM)


def test_a_small_block_of_large_headers_is_cut_off() -> None:
    peer = Peer()
    first = b"\x40\x01x" + b"\x7f\x80\x1e" + b"v" * 3_967  # 4 KB in the table
    assert peer.fate(frame(HEADERS, END_HEADERS, 1, first + b"\xbe" * 1_000)) == (
        C,
        ENHANCE_YOUR_CALM,
    )


def test_honest_clients_that_grow_windows_by_little_are_not_a_flood() -> None:
    peer = Peer()
    for number in range(3_000):
        stream_id = 1 + 2 * number
        stream = peer.give(
            headers(stream_id, ends=True) + window_update(0, 7) + window_update(stream_id, 7)
        )[0].stream
        assert stream is not None
        peer.wire.sending.answer(stream, b"\x88", b"x", b"")
        peer.take()
    assert peer.wire.failure is None


# --- any bytes ---

CONVERSATION = (
    HELLO
    + headers(1)
    + data(1, b"abc")
    + frame(PING, 0, 0, bytes(8))
    + frame(HEADERS, 0, 3, block(GET)[:5])
    + frame(CONTINUATION, END_HEADERS | END_STREAM, 3, block(GET)[5:])
    + window_update(1, 70)
    + data(1, b"", ends=True)
    + headers(5, [*POST, (b"content-length", b"2")])
    + frame(DATA, PADDED | END_STREAM, 5, b"\x02abxx")
    + rst_stream(5, 8)
)


def told(peer: Peer, pieces: list[bytes]) -> list[object]:
    return [
        (event.kind, event.stream and event.stream.id, event.data, event.ended, event.code)
        for piece in pieces
        for event in peer.give(piece)
    ]


@given(st.lists(st.integers(0, len(CONVERSATION)), max_size=12))
def test_however_it_is_cut_it_says_the_same(cuts: list[int]) -> None:
    ends = [0, *sorted(cuts), len(CONVERSATION)]
    pieces = [CONVERSATION[start:end] for start, end in pairwise(ends)]
    assert told(Peer(greets=False), pieces) == told(Peer(greets=False), [CONVERSATION])


@given(st.lists(st.tuples(st.integers(24, len(CONVERSATION) - 1), st.integers(0, 255)), max_size=8))
def test_mutated_frames_never_raise_and_leave_nothing_half_done(
    changes: list[tuple[int, int]],
) -> None:
    sent = bytearray(CONVERSATION)
    for at, byte in changes:
        sent[at] = byte
    peer = Peer(greets=False)
    for event in peer.give(bytes(sent)):
        if event.kind == BEGUN and event.stream is not None:
            peer.wire.sending.answer(event.stream, b"\x88", b"x" * 100, b"")
    peer.take()
    assert peer.wire.failure is not None or len(peer.wire.streams) <= 4


@given(st.binary(max_size=400))
def test_random_frames_never_raise(sent: bytes) -> None:
    peer = Peer()
    peer.give(sent)
    peer.take()


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10), st.integers(0, 255), st.integers(0, 7), st.binary(max_size=24)
        ),
        max_size=20,
    )
)
def test_well_formed_frames_of_any_content_never_raise(
    frames: list[tuple[int, int, int, bytes]],
) -> None:
    peer = Peer()
    peer.give(b"".join(frame(*one) for one in frames))
    peer.take()
