import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.push.blocked import Blocked
from dragoman.push.urls import URL_CHARS_MAX, place_of


def test_a_url_is_read_as_a_target_and_kept_as_it_was_written() -> None:
    place = place_of("https://Hooks.Example/a%2Fb?code=x==&y=%7E#there")
    assert place.target == "https://hooks.example:443"
    assert place.path == "/a%2Fb?code=x==&y=%7E"


def test_targets_differ_by_scheme_host_and_port() -> None:
    urls = ("http://a/x", "http://a:80/y", "https://a/x", "http://a:81/x", "http://b/x")
    assert len({place_of(url).target for url in urls}) == 4


def test_a_name_in_another_script_is_looked_up_in_ours() -> None:
    assert place_of("http://bücher.example/ü").host == "xn--bcher-kva.example"


def test_an_address_in_brackets_is_an_address() -> None:
    place = place_of("http://[0:0::1]:8080/")
    assert (place.host, place.is_address, place.authority) == ("::1", True, "[::1]:8080")
    assert not place_of("http://127.1/").is_address  # to be looked up, and judged


def test_a_path_may_be_missing_and_may_be_in_another_script() -> None:
    assert place_of("http://a").path == "/"
    assert place_of("http://a?x=1").path == "/?x=1"
    assert place_of("http://a/ü b".replace(" ", "")).path == "/%C3%BCb"


def test_the_usual_port_is_not_named() -> None:
    assert place_of("https://a:443/").authority == "a"
    assert place_of("https://a:80/").authority == "a:80"


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
        "http://[fe80::1%25eth0]/",
        "http://[127.0.0.1]/",
        "http://a%2eb/",
        "http://a\\@b/",
        "http://a\\b/",
        "http://-a/",
        "http://hooks.example:/",
        "http://hooks.example:0/",
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
        assert place.target.startswith(("http://", "https://"))
        assert place.path[0] == "/"
        assert place.path.isascii()
        assert not {*" \r\n\t\0"} & {*place.path, *place.authority}
