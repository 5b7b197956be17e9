from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.shared.rest.client import FakeFace

from dragoman.doors.shared.rest.call import BODY_BYTES_MAX, Call, Request, Response, Route
from dragoman.doors.shared.rest.routes import SEGMENTS_MAX, Table


def handler(name: str) -> Any:
    return lambda call: Response(200, name.encode())


def route(method: str, template: str, **options: Any) -> Route:
    return Route(method, template, handler(f"{method} {template}"), **options)


def table(*routes: Route) -> Table:
    return Table([FakeFace(*routes)])


def reached(table: Table, method: str, path: bytes) -> tuple[str, dict[str, str]] | None:
    """Template and parameters that a request leads to."""
    request = Request(method, path, (), b"")
    found = table.find(request)
    if found is None:
        return None
    choice = found.choose(request)
    if choice is None:
        return None
    parameters = found.parameters(choice)
    answer = choice[0].handler(Call(request, None, None, parameters))  # type: ignore[arg-type]
    assert isinstance(answer, Response)
    return answer.body.decode(), dict(parameters)


ALL = table(
    route("GET", "/"),
    route("POST", "/"),
    route("GET", "/queues"),
    route("GET", "/queues/{name}"),
    route("DELETE", "/queues/{name}"),
    route("GET", "/queues/{name}/messages"),
    route("GET", "/queues/special"),
    route("POST", "/topics/{topic}:publish"),
    route("POST", "/topics/{topic}/subs/{sub}:receive"),
    route("GET", "/topics/{topic}"),
    route("GET", "/files/{path+}"),
    route("GET", "/files/list"),
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", b"/", ("GET /", {})),
        ("POST", b"/", ("POST /", {})),
        ("GET", b"/queues", ("GET /queues", {})),
        ("GET", b"/queues/a", ("GET /queues/{name}", {"name": "a"})),
        ("DELETE", b"/queues/a", ("DELETE /queues/{name}", {"name": "a"})),
        ("GET", b"/queues/special", ("GET /queues/special", {})),
        ("GET", b"/queues/special/messages", ("GET /queues/{name}/messages", {"name": "special"})),
        ("GET", b"/queues/a%2Fb%20%C3%BC", ("GET /queues/{name}", {"name": "a/b ü"})),
        ("GET", b"/queues/a+b", ("GET /queues/{name}", {"name": "a+b"})),
        ("POST", b"/topics/t:publish", ("POST /topics/{topic}:publish", {"topic": "t"})),
        ("POST", b"/topics/a:b:publish", ("POST /topics/{topic}:publish", {"topic": "a:b"})),
        ("GET", b"/topics/a:b", ("GET /topics/{topic}", {"topic": "a:b"})),
        (
            "POST",
            b"/topics/t/subs/s:receive",
            ("POST /topics/{topic}/subs/{sub}:receive", {"topic": "t", "sub": "s"}),
        ),
        ("GET", b"/files/a/b//c", ("GET /files/{path+}", {"path": "a/b//c"})),
        ("GET", b"/files/list", ("GET /files/list", {})),
        ("HEAD", b"/queues/a", ("GET /queues/{name}", {"name": "a"})),
        ("GET", b"/queues/", None),
        ("GET", b"/queues//messages", None),
        ("GET", b"/nothing", None),
        ("GET", b"/queues/%FF", None),
        ("GET", b"*", None),
        ("GET", b"/files/", None),
        ("GET", b"/files" + b"/x" * SEGMENTS_MAX, None),
    ],
)
def test_a_path_leads_to_its_template(method: str, path: bytes, expected: Any) -> None:
    assert reached(ALL, method, path) == expected


def test_of_two_routes_of_one_path_the_first_whose_guard_holds_is_taken() -> None:
    two = table(
        Route("POST", "/", handler("json"), guard=lambda request: request.body[:1] == b"{"),
        Route("POST", "/", handler("form"), guard=lambda request: b"=" in request.body),
    )
    found = two.find(Request("POST", b"/", (), b""))
    assert found is not None
    for body, expected in ((b"{}", b"json"), (b"a=b", b"form")):
        choice = found.choose(Request("POST", b"/", (), body))
        assert choice is not None
        call: Any = None
        answer: Any = choice[0].handler(call)
        assert answer.body == expected
    assert found.choose(Request("POST", b"/", (), b"neither")) is None


def test_two_services_may_name_the_holes_of_one_path_differently() -> None:
    both = table(
        Route("GET", "/{account}/{queue}", handler("a"), guard=lambda request: False),
        Route("GET", "/{x}/{y}", handler("b")),
    )
    assert reached(both, "GET", b"/1/2") == ("b", {"x": "1", "y": "2"})


def test_of_several_limits_the_largest_counts_and_without_a_route_the_usual_one() -> None:
    some = table(
        Route("POST", "/a", handler("a"), body_bytes_max=10),
        Route("POST", "/a", handler("b"), body_bytes_max=20),
    )
    posted = some.find(Request("POST", b"/a", (), b""))
    got = some.find(Request("GET", b"/a", (), b""))
    assert posted is not None
    assert got is not None
    assert (posted.body_bytes_max, got.body_bytes_max) == (20, BODY_BYTES_MAX)


def test_a_path_of_other_methods_is_405_and_says_which() -> None:
    request = Request("PATCH", b"/queues/a", (), b"")
    answer = ALL.refuse(request, ALL.find(request))
    assert answer.status == 405
    assert (b"allow", b"DELETE, GET, HEAD") in answer.headers
    assert b'"code":"method-not-allowed"' in answer.body


def test_a_path_of_nobody_is_404() -> None:
    assert ALL.refuse(Request("GET", b"/x", (), b""), None).status == 404


def test_a_face_may_say_it_in_its_own_words() -> None:
    face = FakeFace(route("GET", "/a"))
    face.unknown = lambda request, allowed: Response(405 if allowed else 418)
    some = Table([FakeFace(), face])
    assert some.refuse(Request("GET", b"/x", (), b""), None).status == 418
    request = Request("POST", b"/a", (), b"")
    answer = some.refuse(request, some.find(request))
    assert (answer.status, answer.headers) == (405, ((b"allow", b"GET, HEAD"),))


@pytest.mark.parametrize("template", ["", "queues", "/{", "/a{name}", "/{name", "/{na me}", "/{}"])
def test_a_template_that_is_none_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"template|segment"):
        table(route("GET", template))


@given(st.binary(max_size=60))
def test_any_path_is_found_or_not(path: bytes) -> None:
    reached(ALL, "GET", b"/" + path)
    reached(ALL, "GET", path)


def test_templates_are_listed() -> None:
    assert ("GET", "/queues/{name}") in ALL.templates()
