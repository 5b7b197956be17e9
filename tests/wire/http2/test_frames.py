"""Frames beside another library's."""

import hyperframe.frame as other

from dragoman.wire.http2.frames import DATA, END_STREAM, frame, goaway, rst_stream, window_update


def test_frames_are_as_another_library_writes_them() -> None:
    assert (
        frame(DATA, END_STREAM, 3, b"abc")
        == other.DataFrame(3, b"abc", flags=["END_STREAM"]).serialize()
    )
    assert window_update(5, 1_000) == other.WindowUpdateFrame(5, 1_000).serialize()
    assert rst_stream(7, 8) == other.RstStreamFrame(7, 8).serialize()
    assert goaway(9, 2, "why") == other.GoAwayFrame(0, 9, 2, b"why").serialize()
