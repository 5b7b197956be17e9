from dragoman.wire.http2.errors import HTTP_1_1_REQUIRED, NAMES, STREAM_CLOSED, StreamFault


def test_codes_have_their_names() -> None:
    assert NAMES[STREAM_CLOSED] == "STREAM_CLOSED"
    assert len(NAMES) == HTTP_1_1_REQUIRED + 1
    assert str(StreamFault(1, STREAM_CLOSED)) == "STREAM_CLOSED"
