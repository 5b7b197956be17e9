"""Both sides' parameters."""

from struct import pack

import hyperframe.frame as other
import pytest

from dragoman.wire.http2.errors import ConnectionFault
from dragoman.wire.http2.settings import OURS, STREAMS_MAX, PeerSettings


def test_ours_are_read_by_another_library() -> None:
    read, size = other.Frame.parse_frame_header(memoryview(OURS[:9]))
    read.parse_body(memoryview(OURS[9 : 9 + size]))
    assert isinstance(read, other.SettingsFrame)
    assert read.settings[3] == STREAMS_MAX


def test_what_is_told_is_kept_and_what_is_unknown_passed_over() -> None:
    peer = PeerSettings()
    peer.take(
        b"".join(
            pack(">HI", *pair) for pair in [(1, 0), (4, 9), (5, 1 << 15), (6, 100), (77, 1), (2, 0)]
        )
    )
    assert (
        peer.table_bytes,
        peer.stream_window_bytes,
        peer.frame_bytes_max,
        peer.header_list_bytes,
    ) == (
        0,
        9,
        1 << 15,
        100,
    )


@pytest.mark.parametrize("pair", [(2, 2), (4, 1 << 31), (5, 100), (5, 1 << 24)])
def test_what_no_peer_may_set_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ConnectionFault):
        PeerSettings().take(pack(">HI", *pair))
