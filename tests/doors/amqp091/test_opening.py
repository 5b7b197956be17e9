"""From the protocol header to an open virtual host."""

import pytest
from tests.doors.amqp091.client import ALL_CAPABILITIES, World, table
from tests.doors.shared.test_users import OF_TEST12
from tests.fakes.node import ManualWorker, post

from dragoman.doors.amqp091.liveness import FAILED_LOGIN_MS, HANDSHAKE_MS
from dragoman.doors.amqp091.opening import CAPABILITIES
from dragoman.doors.shared import users
from dragoman.doors.shared.users import User
from dragoman.runtime.aside import Aside
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.events import Heartbeat
from dragoman.wire.amqp091.fieldtable import encode_table

USERS = {"alice": b"secret"}


def test_the_greeting_names_a_version_mechanisms_and_capabilities() -> None:
    client = World().connect(hello=False)
    client.flush()
    start = client.expect(m.ConnectionStart, 0)
    properties = start.server_properties
    assert properties["product"].value == b"RabbitMQ"
    assert properties["version"].value.split(b".")[0] == b"4"
    assert start.mechanisms == b"PLAIN AMQPLAIN"
    assert {name: f.value for name, f in properties["capabilities"].value.items()} == dict.fromkeys(
        CAPABILITIES, True
    )


def test_another_protocols_header_is_answered_with_ours_and_a_close() -> None:
    client = World().connect(hello=False)
    client.give(b"AMQP\x00\x01\x00\x00")
    assert client.shell.data == b"AMQP\x00\x00\x09\x01"
    assert client.shell.is_closed


def start_ok(mechanism: str, response: bytes, *capabilities: str) -> m.ConnectionStartOk:
    properties = table({"capabilities": dict.fromkeys(capabilities, True)})
    return m.ConnectionStartOk(properties, mechanism, response)


def amqplain_response(user: str, password: str) -> bytes:
    return encode_table(table({"LOGIN": user, "PASSWORD": password}))[4:]


@pytest.mark.parametrize(
    ("mechanism", "response"),
    [("PLAIN", b"\0alice\0secret"), ("AMQPLAIN", amqplain_response("alice", "secret"))],
)
def test_a_login_is_tuned(mechanism: str, response: bytes) -> None:
    client = World(USERS).connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    tune = client.ask(start_ok(mechanism, response), m.ConnectionTune, 0)
    assert tune == m.ConnectionTune(2047, 131_072, 60)


@pytest.mark.parametrize(("password", "is_good"), [("test12", True), ("other", False)])
def test_a_password_of_a_user_that_tools_have_made_is_looked_at_beside_and_the_rest_waits(
    password: str, is_good: bool
) -> None:
    world, worker = World(USERS), ManualWorker()
    world.broker.aside = Aside(lambda: worker, post, world.broker.tell_soon)
    client = world.connect(hello=False)
    users.put(client.session, "ann", User(OF_TEST12))
    client.flush()
    client.expect(m.ConnectionStart, 0)
    login = start_ok("PLAIN", f"\0ann\0{password}".encode(), "authentication_failure_close")
    client.send(0, login, m.ConnectionTuneOk(2047, 131_072, 0))
    client.nothing()
    assert not client.shell.is_reading
    client.send(0, m.ConnectionOpen("/"))
    worker.close()
    world.run()
    assert client.shell.is_reading
    if is_good:
        client.expect(m.ConnectionTune, 0)
        assert client.ended() == (530, "NOT_ALLOWED - access to vhost '/' refused for user 'ann'")
    else:
        world.advance(FAILED_LOGIN_MS)
        assert client.ended()[0] == 403


@pytest.mark.parametrize(
    ("mechanism", "response"),
    [
        ("PLAIN", b"\0alice\0wrong"),
        ("PLAIN", b"nonsense"),
        ("AMQPLAIN", amqplain_response("bob", "secret")),
        ("AMQPLAIN", b"\xff"),
        ("EXTERNAL", b""),
    ],
)
def test_a_refused_login_is_told_after_a_delay_to_whoever_understands(
    mechanism: str, response: bytes
) -> None:
    world = World(USERS)
    for capabilities in (("authentication_failure_close",), ()):
        client = world.connect(hello=False)
        client.flush()
        client.expect(m.ConnectionStart, 0)
        client.send(0, start_ok(mechanism, response, *capabilities))
        client.nothing()
        assert not client.shell.is_closed
        assert world.node.failed[-1][0] == mechanism
        assert "wrong" not in str(world.node.failed)
        world.advance(FAILED_LOGIN_MS)
        if capabilities:
            assert client.ended() == (
                403,
                (
                    f"ACCESS_REFUSED - Login was refused using authentication mechanism {mechanism}."
                    " For details see the broker logfile."
                ),
            )
        client.nothing()
        assert client.shell.is_closed


def test_what_a_stranger_sends_during_the_delay_is_not_heard() -> None:
    world = World(USERS)
    client = world.connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.send(0, start_ok("PLAIN", b"\0a\0b"), start_ok("PLAIN", b"\0alice\0secret"))
    client.send(0, start_ok("PLAIN", b"\0alice\0secret"))
    client.nothing()


def test_an_unknown_mechanism_is_503() -> None:
    client = World(USERS).connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.send(0, start_ok("GSSAPI", b""))
    assert client.ended() == (503, "COMMAND_INVALID - unknown authentication mechanism 'GSSAPI'")


def test_an_unknown_virtual_host_is_530() -> None:
    client = World().connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.ask(start_ok("PLAIN", b"\0a\0b"), m.ConnectionTune, 0)
    client.send(0, m.ConnectionTuneOk(5, 4096, 0))
    client.send(0, m.ConnectionOpen("nope"))
    assert client.ended() == (530, "NOT_ALLOWED - vhost nope not found")
    client.send(0, m.ConnectionCloseOk())
    assert client.shell.is_closed


def test_limits_above_the_offer_are_530() -> None:
    client = World().connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.ask(start_ok("PLAIN", b"\0a\0b"), m.ConnectionTune, 0)
    client.send(0, m.ConnectionTuneOk(2047, 1_000_000, 0))
    assert client.ended()[0] == 530


@pytest.mark.parametrize(
    "method", [m.ConnectionOpen(), m.ConnectionTuneOk(1, 4096, 0), m.ConnectionSecureOk(b"")]
)
def test_a_method_at_the_wrong_moment_is_504(method: tuple[object, ...]) -> None:
    client = World().connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    client.send(0, method)
    text = "CHANNEL_ERROR - unexpected method in connection state starting"
    assert client.ended() == (504, text)


def test_whoever_does_not_finish_the_opening_in_time_is_cut_off() -> None:
    world = World()
    client = world.connect(hello=False)
    client.flush()
    client.expect(m.ConnectionStart, 0)
    world.advance(HANDSHAKE_MS - 1)
    assert not client.shell.is_closed
    world.advance(1)
    assert client.shell.is_closed


def test_heartbeats_are_sent_at_half_the_interval_and_a_silent_peer_is_dead_after_two() -> None:
    world = World()
    client = world.connect(heartbeat=10)
    world.advance(5_000)  # the opening was output
    client.nothing()
    world.advance(5_000)
    assert type(client.read()[0][1]) is Heartbeat
    client.wire.send_heartbeat()
    client.flush()
    for _ in range(3):
        world.advance(5_000)
    assert len(client.read()) == 3
    assert not client.shell.is_closed
    world.advance(5_000)
    assert client.shell.is_closed


def test_heartbeat_0_switches_heartbeats_off() -> None:
    world = World()
    client = world.connect(heartbeat=0)
    world.advance(10_000_000)
    client.nothing()
    assert not client.shell.is_closed


def test_a_fresh_secret_is_taken_when_it_is_the_password() -> None:
    client = World(USERS).connect(user="alice", password="secret")
    client.ask(m.ConnectionUpdateSecret(b"secret", "rotated"), m.ConnectionUpdateSecretOk, 0)
    client.send(0, m.ConnectionUpdateSecret(b"other", "rotated"))
    assert client.ended()[0] == 530


def test_a_close_is_answered_and_ends_the_connection() -> None:
    client = World().connect()
    client.ask(m.ConnectionClose(200, "bye", 0, 0), m.ConnectionCloseOk, 0)
    assert client.shell.is_closed


def test_the_broker_says_goodbye_when_it_leaves() -> None:
    client = World().connect()
    client.door.shut("shutdown")
    client.shell.flush()
    assert client.ended() == (
        320,
        "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'",
    )
    assert client.shell.is_closed


def test_the_announced_capabilities_are_remembered() -> None:
    client = World().connect(capabilities=("basic.nack",))
    assert client.door._link.capabilities == {"basic.nack"}
    assert "basic.nack" in ALL_CAPABILITIES
