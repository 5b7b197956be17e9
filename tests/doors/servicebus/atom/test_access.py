"""Who may administer."""

from tests.doors.servicebus.atom.client import Admin
from tests.security.test_sharedaccess import signed

from dragoman.doors.shared.amqp10.liveness import FAILED_LOGIN_MS

KEYS = {"root": b"secret"}


def test_a_key_of_the_namespace_opens_everything_and_an_entitys_only_that() -> None:
    admin = Admin(KEYS)
    for resource, path in (("https://here", "/$Resources/queues"), ("sb://here/q", "/q")):
        token = ("Authorization", signed(resource))
        assert admin.ask("GET", path, b"", token)[0] in {200, 404}


def test_who_may_not_is_told_so_a_little_later() -> None:
    admin = Admin(KEYS)
    for headers in (
        (),
        (("Authorization", signed("sb://h/other")),),
        (("Authorization", signed("https://elsewhere/q")),),
        (("Authorization", "x"),),
    ):
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        admin.client.send(f"GET /q?api-version=2021-05 HTTP/1.1\r\nHost: h\r\n{lines}\r\n".encode())
        assert admin.client.take() == b""
        admin.world.advance(FAILED_LOGIN_MS)
        assert b" 401 " in admin.client.take()


def test_a_token_for_the_entity_that_is_forwarded_to_is_checked_too() -> None:
    admin = Admin(KEYS)
    good = signed("https://h")
    text = (
        "GET /q?api-version=2021-05 HTTP/1.1\r\nHost: h\r\nAuthorization: "
        f"{good}\r\nServiceBusSupplementaryAuthorization: x\r\n\r\n"
    )
    admin.client.send(text.encode())
    admin.world.advance(FAILED_LOGIN_MS)
    assert b" 401 " in admin.client.take()


def test_a_token_that_another_has_signed_is_taken() -> None:
    admin = Admin(KEYS)
    bearer = ("Authorization", "Bearer ann until 9999999999999")
    assert admin.ask("GET", "/q", b"", bearer)[0] in {200, 404}
