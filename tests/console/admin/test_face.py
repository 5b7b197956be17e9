import pytest
from tests.console.admin.client import Admin
from tests.doors.shared.rest.client import header, request
from tests.doors.shared.test_users import OF_TEST12
from tests.fakes.node import FakePeer

from dragoman.doors.shared import users
from dragoman.doors.shared.users import User
from dragoman.model.levels import SYNCED


def test_who_may_not_ask_is_told_so() -> None:
    admin = Admin(is_open=False)
    assert admin.refused("GET", "/queues") == (401, "unauthorized")
    assert admin.ask("GET", "/queues", Authorization="Bearer token") == 200
    assert admin.ask("GET", "/queues", Authorization="Basic YWRhOnNlY3JldA==") == 200


def test_a_user_that_tools_have_made_is_not_the_operator_on_whatever_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakePeer, "peer", ("127.0.0.1", 50_000))
    admin = Admin(is_open=False)
    users.put(admin.client.session, "ann", User(OF_TEST12))
    admin.world.kernel.state.permissions.configure((), ("default",))
    admin.world.kernel.state.guarded = True
    body = {"name": "q"}
    assert admin.ask("POST", "/queues", body, Authorization="Basic YW5uOnRlc3QxMg==") == 403
    assert admin.ask("POST", "/queues", body, Authorization="Basic YWRhOnNlY3JldA==") == 201


def test_a_change_is_answered_once_it_is_safe() -> None:
    admin = Admin()
    admin.world.commit.position = lambda: 7
    admin.world.commit.gathering = lambda: 7
    admin.world.commit.far = 6
    admin.client.send(request("POST", "/admin/v1/queues", b'{"name":"q"}'))
    assert admin.client.take() == b""
    position, level, _ = admin.client.door._outbox[0]
    assert (position, level) == (7, SYNCED)
    admin.world.progress()
    assert admin.client.take().startswith(b"HTTP/1.1 201 ")


@pytest.mark.parametrize("query", ["?x", "?limit=%FF", "?" + "a=b&" * 99])
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    assert Admin().refused("GET", f"/queues{query}") == (400, "invalid-argument")


def test_paths_below_our_own_are_ours() -> None:
    admin = Admin()
    assert admin.refused("GET", "/nothing") == (404, "not-found")
    assert "openapi.json" in admin.last["detail"]
    answer = admin.client.ask("PUT", "/admin/v1/queues")
    assert answer.status == 405
    assert header(answer, b"allow") == b"GET, HEAD, POST"
    assert b'"code":"not-found"' in admin.client.ask("GET", "/other").body
