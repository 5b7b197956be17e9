import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.push.resolver import Blocked
from dragoman.push.urls import URL_CHARS_MAX, place_of


def test_a_url_is_read_as_a_target_and_kept_as_it_was_written() -> None:
    place = place_of("https://Hooks.Example/a%2Fb?code=x==&y=%7E#there")
    assert place.target == "https://hooks.example:443"
    assert place.url.raw_path_qs == "/a%2Fb?code=x==&y=%7E"


def test_targets_differ_by_scheme_host_and_port() -> None:
    urls = ("http://a/x", "http://a:80/y", "https://a/x", "http://a:81/x", "http://b/x")
    assert len({place_of(url).target for url in urls}) == 4


def test_a_name_in_another_script_is_looked_up_in_ours() -> None:
    assert place_of("http://bücher.example/ü").host == "xn--bcher-kva.example"


def test_an_address_in_brackets_is_an_address() -> None:
    assert place_of("http://[::1]:8080/").host == "::1"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example/path",
        "//hooks.example/path",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "unix://socket/path",
        "http://",
        "http:///path",
        "http://user@hooks.example/",
        "http://user:word@hooks.example/",
        "http://hooks.example:99999/",
        "http://hooks.example:port/",
        "http://[::1/",
        "http://a b/",
        "http://hooks.example/\r\nHost: other",
        "http://hooks.example/\x00",
        "http://hooks.example/" + "x" * URL_CHARS_MAX,
    ],
)
def test_what_is_no_url_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Blocked):
        place_of(url)


@given(st.text())
def test_any_text_is_a_place_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://a/{text}"):
        try:
            place = place_of(url)
        except Blocked:
            continue
        assert place.url.scheme in {"http", "https"}
        assert place.host
