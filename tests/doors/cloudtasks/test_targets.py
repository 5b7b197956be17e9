"""Where a request goes: what of a URL a queue replaces, and when."""

from typing import Any

import pytest

from dragoman.doors.cloudtasks.mapping import Token, Way
from dragoman.doors.cloudtasks.targets import target_of
from dragoman.wire.protobuf.cloudtasks import CLOUDTASKS

URL = "https://a.test:81/p?q=1"
HttpTarget: Any = CLOUDTASKS["HttpTarget"]


@pytest.mark.parametrize(
    ("uri", "always", "if_not_exists"),
    [
        ({}, URL, URL),
        ({"scheme": "HTTP"}, "http://a.test:81/p?q=1", URL),
        ({"host": "b.test"}, "https://b.test:81/p?q=1", URL),
        ({"host": "::1"}, "https://[::1]:81/p?q=1", URL),
        ({"port": 82}, "https://a.test:82/p?q=1", URL),
        ({"port": 0}, "https://a.test/p?q=1", URL),
        ({"path_override": {"path": "x"}}, "https://a.test:81/x?q=1", URL),
        ({"path_override": {"path": ""}}, "https://a.test:81/?q=1", URL),
        ({"query_override": {"query_params": "r=2"}}, "https://a.test:81/p?r=2", URL),
        ({"query_override": {"query_params": ""}}, "https://a.test:81/p", URL),
    ],
)
def test_a_queue_replaces_the_parts_of_a_url_that_it_says(
    uri: dict[str, Any], always: str, if_not_exists: str
) -> None:
    for mode, expected in ((0, always), (2, always), (1, if_not_exists)):
        override = HttpTarget(uri_override={**uri, "uri_override_enforce_mode": mode})
        assert target_of(Way(URL), override).url == expected


def test_what_a_task_does_not_say_its_queue_says() -> None:
    uri = {"host": "b.test", "port": 8, "path_override": {"path": "/x"}}
    override = HttpTarget(uri_override={**uri, "uri_override_enforce_mode": 1})
    assert target_of(Way(""), override).url == "https://b.test:8/x"
    assert target_of(Way("http://a.test"), override).url == "http://a.test:8/x"


def test_neither_says_where_to() -> None:
    assert target_of(Way(""), HttpTarget()).url == ""
    assert target_of(Way(""), HttpTarget(uri_override={"port": 8})).url == ""


def test_the_queues_method_headers_and_token_go_before_the_tasks() -> None:
    way = Way(URL, method=4, token=Token("a@b", "c"))
    plain = target_of(way, HttpTarget())
    assert (plain.method, plain.headers, plain.token) == ("PUT", {}, way.token)
    override = HttpTarget(
        http_method=2,
        header_overrides=[{"header": {"key": "K", "value": "v"}}],
        oauth_token={"service_account_email": "x@y", "scope": "s"},
    )
    found = target_of(way, override)
    assert (found.method, found.headers) == ("GET", {"K": "v"})
    assert found.token == Token("x@y", "s", is_oauth=True)


def test_what_goes_to_app_engine_is_not_overridden() -> None:
    way = Way("http://a.test/x", service=("s", "", "/x"))
    override = HttpTarget(uri_override={"host": "b.test"}, http_method=2)
    found = target_of(way, override)
    assert (found.url, found.method) == ("http://a.test/x", "POST")
