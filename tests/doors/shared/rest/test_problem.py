import json

from dragoman.doors.shared.rest.problem import problem


def test_a_problem_is_for_programs_and_for_people() -> None:
    answer = problem(409, "in-use", "orders is read", ((b"x", b"y"),))
    assert answer.status == 409
    assert (b"content-type", b"application/problem+json") in answer.headers
    assert (b"x", b"y") in answer.headers
    assert json.loads(answer.body) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "in-use",
        "detail": "orders is read",
    }
