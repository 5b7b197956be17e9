from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes.node import Connection, FakeDoor, World

from dragoman.doors.shared.grpc.call import Status
from dragoman.doors.shared.grpc.policies import (
    NEVER_SET,
    Policy,
    all_permitted,
    keep_policy,
    policy_of,
)
from dragoman.kernel.api import Session
from dragoman.model.levels import WRITTEN
from dragoman.wire.grpc.codes import ABORTED, INVALID_ARGUMENT

PLACE = ("p", "kind", "name")


@pytest.fixture
def session() -> Session:
    return Connection(World(), lambda session, peer: FakeDoor()).session


def policy(role: str, etag: bytes = b"") -> Any:
    return Policy(bindings=[{"role": role, "members": ["allUsers"]}], etag=etag)


def test_one_that_was_never_set_is_empty_and_its_etag_says_so(session: Session) -> None:
    found: Any = policy_of(session, *PLACE).message
    assert (list(found.bindings), found.etag) == ([], NEVER_SET)


def test_what_is_kept_is_told_once_it_is_written(session: Session) -> None:
    reply = keep_policy(session, *PLACE, policy("a"))
    assert reply.level == WRITTEN
    assert policy_of(session, *PLACE).message == reply.message


def test_an_etag_is_of_one_version_and_none_of_any(session: Session) -> None:
    first: Any = keep_policy(session, *PLACE, policy("a", NEVER_SET)).message
    second: Any = keep_policy(session, *PLACE, policy("b", first.etag)).message
    for old in (NEVER_SET, first.etag):
        with pytest.raises(Status) as refused:
            keep_policy(session, *PLACE, policy("c", old))
        assert refused.value.code == ABORTED
    assert policy_of(session, *PLACE).message == second
    keep_policy(session, *PLACE, policy("d"))


def test_all_that_is_asked_about_is_permitted_but_for_wildcards() -> None:
    names = ["a.b.get", "a.b.list"]
    assert all_permitted(SimpleNamespace(permissions=names)).message.permissions == names  # type: ignore[union-attr]
    with pytest.raises(Status) as refused:
        all_permitted(SimpleNamespace(permissions=["a.*"]))
    assert refused.value.code == INVALID_ARGUMENT
