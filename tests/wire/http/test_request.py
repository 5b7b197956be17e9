from dragoman.wire.http.request import Request


def test_a_request_begins_as_one_that_keeps_its_connection() -> None:
    request = Request("GET", b"/a?b?c", (), b"")
    assert (request.path, request.query) == (b"/a", b"b?c")
    assert not (request.is_last or request.is_old or request.upgrade)
