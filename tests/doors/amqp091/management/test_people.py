"""Users that tools make: their passwords, what their tags open, their limits, their end."""

from typing import Any

import pytest
from tests.doors.amqp091.management.client import Manager
from tests.doors.amqp091.management.test_definitions import OF_TEST12

from dragoman.wire.amqp091 import methods as m

ALL = {"configure": ".*", "write": ".*", "read": ".*"}
HASHED = {"password_hash": OF_TEST12, "tags": ""}


def made(tags: str = "", *, permitted: bool = True) -> Manager:
    """`ann` of the password test12, and whoever asks first, `root`, who may do everything."""
    manager = Manager({"root": b"root"})
    manager.world.kernel.state.permissions.configure(("root",), ())
    as_root(manager)
    assert manager.put("users/ann", HASHED | {"tags": tags}) == 201
    if permitted:
        manager.put("permissions/%2F/ann", ALL)
    return manager


def as_root(manager: Manager) -> Manager:
    manager.log_in("root", "root")
    return manager


def as_ann(manager: Manager) -> Manager:
    manager.log_in("ann", "test12")
    return manager


def test_a_user_is_made_told_of_changed_and_forgotten() -> None:
    manager = made("management, x ,management")
    told = {
        "name": "ann",
        "password_hash": OF_TEST12,
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["management", "x"],
        "limits": {},
    }
    assert manager.get("users/ann") == told
    assert manager.get("users") == [told]
    assert manager.put("users/ann", {"password": "new", "tags": ["y"]}) == 204
    changed = manager.get("users/ann")
    assert changed["hashing_algorithm"] == "argon2id"
    assert changed["password_hash"].startswith("$argon2id$")
    assert changed["tags"] == ["y"]
    assert manager.put("users/ann", {"tags": ""}) == 204
    assert manager.get("users/ann")["password_hash"] == ""
    assert manager.ask("DELETE", "users/ann") == 204
    assert manager.ask("DELETE", "users/ann") == 404
    assert manager.ask("GET", "users/ann") == 404
    assert manager.get("permissions") == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"password": "x"}, "tags_not_present"),
        (HASHED | {"password": "x"}, "both_password_and_password_hash_are_provided"),
        ({"password_hash": "x", "tags": ""}, "['not_base64', 'x']"),
        (HASHED | {"hashing_algorithm": "rot13"}, "rot13: hashes are of "),
    ],
)
def test_what_makes_no_user_is_refused(words: dict[str, Any], reason: str) -> None:
    manager = made()
    assert manager.refused("PUT", "users/bob", words).startswith(reason)
    assert manager.ask("GET", "users/bob") == 404
    assert "operator's" in manager.refused("PUT", "users/root", {"password": "x", "tags": ""})


def test_a_new_password_opens_and_the_old_one_does_not() -> None:
    manager = made("management")
    manager.put("users/ann", {"password": "new", "tags": "management"})
    manager.log_in("ann", "test12")
    assert manager.ask("GET", "whoami") == 401
    manager.log_in("ann", "new")
    assert manager.get("whoami") == {
        "name": "ann",
        "tags": ["management"],
        "is_internal_user": True,
    }
    manager.amqp(user="ann", password="new")


def test_tags_open_the_api_step_by_step() -> None:
    manager = as_ann(made())
    assert (manager.ask("GET", "whoami"), manager.last["reason"]) == (401, "Not management user")
    for tags, opened in (
        ("management", {"GET queues", "PUT queues/%2F/q"}),
        ("policymaker", {"GET queues", "PUT queues/%2F/q", "PUT policies/%2F/p"}),
        ("monitoring", {"GET queues", "PUT queues/%2F/q", "GET nodes"}),
        (
            "administrator",
            {
                "GET queues",
                "PUT queues/%2F/q",
                "PUT policies/%2F/p",
                "GET nodes",
                "PUT users/bob",
                "PUT permissions/%2F/bob",
                "PUT vhosts/v",
                "GET definitions",
            },
        ),
    ):
        as_root(manager).put("users/ann", HASHED | {"tags": tags})
        as_ann(manager)
        bodies = {
            "policies": {"pattern": "", "definition": {"max-length": 1}},
            "users": HASHED,
            "permissions": ALL,
        }
        for path in (
            "GET queues",
            "GET nodes",
            "GET definitions",
            "PUT queues/%2F/q",
            "PUT policies/%2F/p",
            "PUT users/bob",
            "PUT permissions/%2F/bob",
            "PUT vhosts/v",
        ):
            method, place = path.split()
            body = bodies.get(place.partition("/")[0], {}) if method == "PUT" else None
            assert (manager.ask(method, place, body) < 300) == (path in opened), (tags, path)


def test_who_is_not_permitted_in_a_virtual_host_does_not_see_it() -> None:
    manager = made("management", permitted=False)
    manager.put("queues/%2F/q")
    manager.put("vhosts/v")
    manager.put("queues/v/q")
    manager.put("permissions/v/ann", ALL)
    as_ann(manager)
    assert [one["vhost"] for one in manager.get("queues")] == ["v"]
    assert [one["name"] for one in manager.get("vhosts")] == ["v"]
    assert manager.ask("GET", "queues/%2F") == 401
    assert manager.last["reason"] == "User not authorised to access virtual host"
    assert len(manager.get("bindings/v")) == 1
    as_root(manager).put("users/ann", HASHED | {"tags": "monitoring"})
    assert [one["vhost"] for one in as_ann(manager).get("queues")] == ["/", "v"]
    assert manager.ask("PUT", "queues/%2F/other") == 401


def test_an_administrator_without_permissions_governs_and_declares_nothing() -> None:
    manager = as_ann(made("administrator", permitted=False))
    manager.put("vhosts/v")
    assert manager.get("permissions/v/ann") == {"user": "ann", "vhost": "v", **ALL}
    manager.put("queues/v/mine")
    manager.put("permissions/%2F/bob", ALL)
    assert manager.ask("PUT", "queues/%2F/q") == 401
    assert manager.ask("DELETE", "vhosts/v") == 204
    assert manager.get("permissions") == [{"user": "bob", "vhost": "/", **ALL}]


def test_a_user_that_is_deleted_is_disconnected() -> None:
    manager = made()
    client = manager.amqp(user="ann", password="test12")
    other = manager.amqp(user="root", password="root")
    manager.ask("DELETE", "users/ann")
    assert client.ended() == (320, "CONNECTION_FORCED - user 'ann' is deleted")
    other.nothing()


def test_a_virtual_host_that_is_deleted_takes_connections_permissions_and_limits_along() -> None:
    manager = made()
    manager.put("vhosts/v")
    manager.put("permissions/v/ann", ALL)
    manager.put("vhost-limits/v/max-queues", {"value": 5})
    manager.put("topic-permissions/v/ann", {"exchange": "e", "write": "", "read": ""})
    manager.put("policies/v/p", {"pattern": "", "definition": {"max-length": 1}})
    client = manager.amqp(user="ann", password="test12", vhost="v")
    assert manager.ask("DELETE", "vhosts/v") == 204
    assert client.ended() == (320, "CONNECTION_FORCED - vhost 'v' is deleted")
    manager.put("vhosts/v")
    for path in ("permissions/v", "vhost-limits/v", "topic-permissions/v", "policies/v"):
        assert manager.get(path) == []
    with pytest.raises(AssertionError, match="access to vhost 'v' refused for user 'ann'"):
        manager.amqp(user="ann", password="test12", vhost="v")


def test_many_are_deleted_at_once_or_none() -> None:
    manager = made()
    manager.put("users/bob", HASHED)
    assert manager.get("users/without-permissions")[0]["name"] == "bob"
    wrong = {"users": ["bob", "eve"]}
    assert manager.refused("POST", "users/bulk-delete", wrong) == "['no_such_user', 'eve']"
    assert manager.ask("POST", "users/bulk-delete", {"users": ["ann", "bob", "bob"]}) == 204
    assert manager.get("users") == []


def test_whoever_guards_what_was_everybodys_keeps_it_while_nobody_is_configured() -> None:
    manager = Manager()
    manager.put("users/ann", HASHED)
    manager.put("queues/%2F/q")
    manager.put("permissions/%2F/ann", {"configure": "", "write": "", "read": "^q$"})
    assert manager.get("permissions/%2F/guest") == {"user": "guest", "vhost": "/", **ALL}
    manager.put("permissions/%2F/bob", ALL)
    manager.put("queues/%2F/q2")
    client = manager.amqp(user="ann", password="test12")
    assert client.refused(m.BasicGet(queue="q2"))[0] == 403


# --- limits ---


def test_limits_of_a_virtual_host_are_kept_to() -> None:
    manager = made()
    manager.put("vhosts/v")
    manager.put("permissions/v/ann", ALL)
    for limit in ("max-connections", "max-queues"):
        manager.put(f"vhost-limits/v/{limit}", {"value": 1})
    told = [{"vhost": "v", "value": {"max-connections": 1, "max-queues": 1}}]
    assert manager.get("vhost-limits") == manager.get("vhost-limits/v") == told
    ann = {"user": "ann", "password": "test12", "vhost": "v"}
    client = manager.amqp(**ann)
    text = "access to vhost 'v' refused for user 'ann': connection limit"
    with pytest.raises(AssertionError, match=rf"{text} \(1\) is reached"):
        manager.amqp(**ann)
    client.declare("one")
    client.declare("one")
    full = (
        "PRECONDITION_FAILED - cannot declare queue 'two': queue limit in vhost 'v' (1) is reached"
    )
    assert client.refused(m.QueueDeclare(queue="two")) == (406, full)
    assert f"PRECONDITION_FAILED - {manager.refused('PUT', 'queues/v/two')}" == full
    for limit in ("max-connections", "max-queues", "max-queues"):
        assert manager.ask("DELETE", f"vhost-limits/v/{limit}") == 204
    assert manager.get("vhost-limits") == []
    manager.amqp(**ann).declare("two")


def test_limits_of_a_user_are_kept_to() -> None:
    manager = made()
    for limit in ("max-connections", "max-channels"):
        manager.put(f"user-limits/ann/{limit}", {"value": 1})
    told = {"max-connections": 1, "max-channels": 1}
    assert manager.get("user-limits") == [{"user": "ann", "value": told}]
    assert manager.get("users/ann")["limits"] == told
    client = manager.amqp(user="ann", password="test12")
    text = r"connection refused for user 'ann': user connection limit \(1\) is reached"
    with pytest.raises(AssertionError, match=text):
        manager.amqp(user="ann", password="test12")
    client.send(2, m.ChannelOpen())
    assert client.ended() == (
        530,
        "NOT_ALLOWED - number of channels opened for user 'ann' has reached the maximum allowed user limit of (1)",
    )
    client.close()
    manager.put("user-limits/ann/max-channels", {"value": -1})
    manager.amqp(user="ann", password="test12").open_channel(2)


@pytest.mark.parametrize(
    ("path", "words", "reason"),
    [
        ("vhost-limits/%2F/max-x", {"value": 1}, "Validation failed\n\nUnrecognised terms"),
        (
            "vhost-limits/%2F/max-queues",
            {"value": "x"},
            "Validation failed\n\nmax-queues should be",
        ),
        (
            "vhost-limits/%2F/max-queues",
            {"value": True},
            "Validation failed\n\nmax-queues should be",
        ),
        ("vhost-limits/%2F/max-queues", {}, "[{key_missing,value}]"),
        ("user-limits/ann/max-queues", {"value": 1}, "Unrecognised terms"),
        ("user-limits/eve/max-channels", {"value": 1}, "['no_such_user', 'eve']"),
    ],
)
def test_what_is_no_limit_is_refused(path: str, words: dict[str, Any], reason: str) -> None:
    assert made().refused("PUT", path, words).startswith(reason)
