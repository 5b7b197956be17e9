from base64 import b64encode

import pytest
from tests.doors.shared.rest.client import Client, FakeFace, World, header

from dragoman.console.access import Access, Unauthorized, unauthorized
from dragoman.doors.shared.rest.call import Call, Request, Response, Route


class Guarded(FakeFace):
    """Tells who asks."""

    def __init__(self, access: Access) -> None:
        super().__init__(Route("GET", "/", self.who))
        self._access = access

    def who(self, call: Call) -> Response:
        return Response(200, self._access.check(call).encode())

    def refuse(self, request: Request, error: Exception) -> Response:
        return unauthorized() if isinstance(error, Unauthorized) else super().refuse(request, error)


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
