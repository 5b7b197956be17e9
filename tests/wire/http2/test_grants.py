"""What the peer may send: granted as it comes, held back when told."""

from tests.wire.http2.peer import Peer, data, headers

from dragoman.wire.http2.frames import WINDOW_UPDATE
from dragoman.wire.http2.settings import CONNECTION_WINDOW_BYTES, STREAM_WINDOW_BYTES

PIECE = bytes(1 << 14)


def updates(peer: Peer) -> list[tuple[int, int]]:
    return [
        (stream_id, int.from_bytes(payload, "big"))
        for kind, _, stream_id, payload in peer.take()
        if kind == WINDOW_UPDATE
    ]


def test_half_a_window_is_granted_anew_at_a_time() -> None:
    peer = Peer()
    peer.give(headers(1))
    for _ in range((STREAM_WINDOW_BYTES >> 15) - 1):
        peer.give(data(1, PIECE))
    assert updates(peer) == []
    peer.give(data(1, PIECE))
    assert updates(peer) == [(1, STREAM_WINDOW_BYTES >> 1)]


def test_the_connection_is_granted_anew_whosever_content_it_was() -> None:
    peer = Peer()
    count = CONNECTION_WINDOW_BYTES >> 15
    for number in range(count):
        stream_id = 1 + 2 * number
        peer.give(headers(stream_id) + data(stream_id, PIECE, ends=True))
    assert updates(peer) == [(0, CONNECTION_WINDOW_BYTES >> 1)]


def test_held_back_grants_come_when_released() -> None:
    peer = Peer()
    peer.wire.grants.hold()
    peer.give(headers(1))
    for _ in range(STREAM_WINDOW_BYTES >> 14):
        peer.give(data(1, PIECE))
    assert updates(peer) == []
    peer.wire.grants.release()
    assert updates(peer) == [(1, STREAM_WINDOW_BYTES)]
    peer.wire.grants.release()
    assert updates(peer) == []
