from dragoman.doors.shared.rest.call import Request, Response, json_response
from dragoman.model.levels import SYNCED, WRITTEN


def test_a_target_is_split_and_not_decoded() -> None:
    request = Request("GET", b"/queues/a%2Fb?wait=1&wait=2", (), b"")
    assert (request.path, request.query) == (b"/queues/a%2Fb", b"wait=1&wait=2")


def test_of_a_repeated_header_the_first_is_given() -> None:
    request = Request("GET", b"/", ((b"x-a", b"1"), (b"x-a", b"2")), b"")
    assert request.header(b"x-a") == b"1"
    assert request.header(b"x-b") is None


def test_an_answer_waits_for_the_latest_position_and_the_highest_level() -> None:
    answer = Response(200).after(7, SYNCED).after(9, WRITTEN)
    assert (answer.position, answer.level) == (9, SYNCED)


def test_json_says_that_it_is_json() -> None:
    answer = json_response(201, {"name": "orders"})
    assert answer.body == b'{"name":"orders"}'
    assert (b"content-type", b"application/json") in answer.headers
