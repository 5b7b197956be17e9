from base64 import b64encode

import pytest
from tests.doors.shared.rest.client import Client, FakeFace, World, header

from dragoman.console.access import Access, is_local, refused
from dragoman.doors.shared.rest.call import Call, Request, Response, Route


class Guarded(FakeFace):
    """Tells who asks."""

    def __init__(self, access: Access) -> None:
        super().__init__(Route("GET", "/", self.who))
        self._access = access

    def who(self, call: Call) -> Response:
        return Response(200, self._access.check(call).encode())

    def refuse(self, request: Request, error: Exception) -> Response:
        return refused(error) or super().refuse(request, error)


def client(*, is_open: bool = False) -> Client:
    access = Access({"ci": "token"}, is_open=is_open)
    return World(Guarded(access), users={"ada": b"pa:ss", "ci": b"token"}).connect()


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "who"),
    [
        (basic("ada:pa:ss"), b"ada"),
        (basic("ci:token"), b"ci"),
        ("Bearer token", b"ci"),
        ("bearer  token", b"ci"),
    ],
)
def test_who_is_known_is_let_in(authorization: str, who: bytes) -> None:
    answer = client().ask("GET", "/", headers=[("Authorization", authorization)])
    assert (answer.status, answer.body) == (200, who)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        basic("ada"),
        basic("ada:wrong"),
        basic("eve:pa:ss"),
        "Bearer",
        "Bearer wrong",
        "Bearer ci",
        "Digest x",
    ],
)
def test_who_is_not_is_told_what_would_do(authorization: str | None) -> None:
    headers = [] if authorization is None else [("Authorization", authorization)]
    answer = client().ask("GET", "/", headers=headers)
    assert answer.status == 401
    assert header(answer, b"www-authenticate") == b'Basic realm="dragoman", Bearer'


def test_while_nothing_is_configured_anybody_is_let_in() -> None:
    assert client(is_open=True).ask("GET", "/").status == 200


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://here", 200),
        ("https://here", 200),
        ("http://here:80", 403),
        ("http://elsewhere", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_other_origins_may_not_ask_through_a_browser(origin: str, status: int) -> None:
    headers = [("Origin", origin), ("Authorization", "Bearer token")]
    assert client(is_open=True).ask("GET", "/", headers=headers).status == status
    assert client().ask("GET", "/", headers=headers).status == status


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("", True), ("10.0.0.7", False), ("::2", False)],
)
def test_the_operator_is_who_asks_on_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local
