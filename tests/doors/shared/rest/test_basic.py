from base64 import b64encode

import pytest
from tests.doors.shared.rest.client import FakeFace, World

from dragoman.doors.shared.rest.basic import principal_of
from dragoman.doors.shared.rest.call import Call, Response, Route
from dragoman.security.guesses import GUESSES_MAX


class Asking(FakeFace):
    """Tells whom the header proves, or nobody."""

    def __init__(self) -> None:
        super().__init__(Route("GET", "/", self.who))

    def who(self, call: Call) -> Response:
        credentials = call.request.header(b"authorization") or b""
        return Response(200, (principal_of(call, credentials) or "nobody").encode())


@pytest.mark.parametrize(
    ("credentials", "who"),
    [
        (b64encode(b"ada:pa:ss").decode(), b"ada"),
        (b64encode(b"ada:other").decode(), b"nobody"),
        (b64encode(b"bob:pa:ss").decode(), b"nobody"),
        (b64encode(b"ada").decode(), b"nobody"),
        (b64encode(b"\xff:pa:ss").decode(), b"nobody"),
        ("ada:pa:ss", b"nobody"),
        ("", b"nobody"),
    ],
)
def test_a_name_is_who_asks_if_its_secret_is_right(credentials: str, who: bytes) -> None:
    client = World(Asking(), users={"ada": b"pa:ss"}).connect()
    assert client.ask("GET", "/", headers=[("Authorization", credentials)]).body == who


def test_an_address_that_guessed_too_often_is_not_listened_to() -> None:
    client = World(Asking(), users={"ada": b"pa:ss"}).connect()

    def who(credentials: bytes) -> bytes:
        said = [("Authorization", b64encode(credentials).decode())]
        return client.ask("GET", "/", headers=said).body

    for _ in range(GUESSES_MAX):
        assert who(b"ada:other") == b"nobody"
    assert who(b"ada:pa:ss") == b"nobody"
    assert client.world.node.failed[-1] == ("Basic", "ada")
