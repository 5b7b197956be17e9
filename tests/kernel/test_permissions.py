from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.permissions import (
    ANY,
    CONFIGURE,
    DECLARE,
    DELETE,
    DESCRIBE,
    EVERYBODY,
    GROUP,
    INSPECT,
    NAMESPACE,
    NODE,
    OPERATIONS,
    PERMIT,
    READ,
    RECEIVE,
    SEND,
    SETTLE,
    STREAM,
    SUBSCRIPTION,
    Grant,
    Need,
    Permissions,
    bits_of,
    check_grant,
    subscription_name,
)
from dragoman.model.errors import AccessRefused, InvalidArgument

NS = "default"


def grant(*operations: str, **fields: Any) -> Grant:
    fields.setdefault("principal", "ann")
    fields.setdefault("kinds", (STREAM,))
    fields.setdefault("name", "orders")
    return Grant(operations=operations, **fields)


def guarded(*grants: Grant, principal: str = "ann", host: str = "") -> Permissions:
    """Session 1 speaks for `principal`."""
    permissions = Permissions()
    permissions.mark(NS)
    for number, each in enumerate(grants):
        permissions.add(NS, str(number), each)
    permissions.act_as(1, principal, host)
    return permissions


def may(permissions: Permissions, operation: int, name: str = "orders", kind: str = STREAM) -> bool:
    return permissions.may(1, Need(NS, kind, name, operation))


def test_nothing_is_refused_in_a_namespace_that_is_not_guarded() -> None:
    permissions = Permissions()
    permissions.act_as(1, "ann", "")
    assert may(permissions, SEND)
    permissions.mark("another")
    assert may(permissions, SEND)
    permissions.mark(NS)
    assert not may(permissions, SEND)


def test_what_no_grant_allows_is_refused_and_the_refusal_says_who_and_what() -> None:
    permissions = guarded(grant("send"))
    permissions.check(1, [Need(NS, STREAM, "orders", SEND)])
    with pytest.raises(AccessRefused, match="ann may not do this with stream orders") as refused:
        permissions.check(1, [Need(NS, STREAM, "orders", SEND), Need(NS, STREAM, "orders", READ)])
    assert refused.value.kind == STREAM


def test_a_denial_wins_whatever_is_allowed_and_whoever_is_allowed_it() -> None:
    permissions = guarded(
        grant("all"), grant("send", principal=EVERYBODY, match="prefix", name="ord", allow=False)
    )
    assert may(permissions, READ)
    assert not may(permissions, SEND)


@pytest.mark.parametrize(
    ("match", "pattern", "names"),
    [
        ("literal", "orders", {"orders"}),
        ("prefix", "orders", {"orders", "orders.eu"}),
        ("all", "", {"orders", "orders.eu", "other"}),
        ("re2", "or.*eu", {"orders.eu"}),
    ],
)
def test_a_pattern_is_of_whole_names(match: Any, pattern: str, names: set[str]) -> None:
    permissions = guarded(grant("send", match=match, name=pattern))
    found = {name for name in ("orders", "orders.eu", "other") if may(permissions, SEND, name)}
    assert found == names


def test_who_may_write_may_see_and_who_may_configure_may_inspect_but_not_see() -> None:
    assert may(guarded(grant("send")), DESCRIBE)
    assert not may(guarded(grant("declare")), DESCRIBE)
    permissions = guarded(grant("configure"))
    assert may(permissions, INSPECT)
    assert not may(permissions, DESCRIBE)
    assert not may(guarded(grant("send"), grant("describe", allow=False)), DESCRIBE)


def test_a_grant_on_a_group_of_the_same_name_is_another_affair() -> None:
    permissions = guarded(grant("read", kinds=(GROUP,)))
    assert may(permissions, READ, kind=GROUP)
    assert not may(permissions, READ)


def test_a_grant_on_a_stream_covers_its_subscriptions_and_not_the_other_way_round() -> None:
    own = subscription_name("orders", "audit")
    permissions = guarded(grant("receive"))
    assert may(permissions, RECEIVE, own, SUBSCRIPTION)
    permissions = guarded(grant("receive", kinds=(SUBSCRIPTION,), name="orders/audit"))
    assert may(permissions, RECEIVE, own, SUBSCRIPTION)
    assert not may(permissions, RECEIVE)
    assert not may(permissions, RECEIVE, subscription_name("orders", "other"), SUBSCRIPTION)


def test_a_grant_on_a_subscription_called_as_its_stream_is_about_the_queue_alone() -> None:
    permissions = guarded(grant("all", kinds=(SUBSCRIPTION,), name="orders/orders"))
    assert may(permissions, RECEIVE)
    assert may(permissions, SETTLE)
    for operation in (SEND, READ, DELETE, CONFIGURE, DECLARE):
        assert not may(permissions, operation)
    other = subscription_name("orders", "other")
    assert not may(permissions, RECEIVE, other, SUBSCRIPTION)


def test_who_may_do_everything_with_something_may_not_let_others_for_that() -> None:
    assert not may(guarded(grant("all")), PERMIT)
    permissions = guarded(grant("permit"))
    assert may(permissions, PERMIT)
    assert may(permissions, DESCRIBE)
    assert not may(permissions, SEND)
    assert not may(permissions, PERMIT, subscription_name("orders", "audit"), SUBSCRIPTION)


def test_a_grant_with_an_address_is_for_callers_from_there() -> None:
    here = grant("send", host="10.0.0.1")
    assert may(guarded(here, host="10.0.0.1"), SEND)
    assert not may(guarded(here, host="10.0.0.2"), SEND)


def test_a_need_is_met_as_well_by_what_does_on_the_whole_namespace() -> None:
    permissions = guarded(grant("declare", kinds=(NAMESPACE,), match="all", name=""))
    assert permissions.may(1, Need(NS, STREAM, "new", DECLARE, DECLARE))
    assert not permissions.may(1, Need(NS, STREAM, "new", DECLARE))


def test_a_change_of_grants_counts_at_once() -> None:
    permissions = guarded()
    assert not may(permissions, SEND)
    permissions.add(NS, "a", grant("send"))
    assert may(permissions, SEND)
    permissions.drop(NS, "a", grant("send"))
    assert not may(permissions, SEND)


def test_a_session_speaks_for_whom_it_said_last_and_for_nobody_before_and_after() -> None:
    permissions = guarded(grant("send"))
    assert may(permissions, SEND)
    permissions.act_as(1, "bob", "")
    assert not may(permissions, SEND)
    permissions.act_as_broker(1)
    assert may(permissions, SEND)
    permissions.forget(1)
    assert not may(permissions, SEND)


def test_superusers_and_the_broker_may_do_everything_and_nobody_can_say_that_he_is_the_broker() -> (
    None
):
    permissions = guarded(grant("all", allow=False))
    permissions.configure(["ann"], [])
    permissions.act_as(1, "ann", "")
    assert may(permissions, ANY)
    assert permissions.may(1, Need("", NODE, "", ANY))
    for name in ("", "broker", "\0broker"):
        permissions.act_as(1, name, "")
        assert not permissions.may(1, Need("", NODE, "", ANY))


def test_the_operator_guards_namespaces_without_any_grant_and_nobody_opens_them() -> None:
    permissions = Permissions()
    permissions.configure([], [NS])
    permissions.act_as(1, "ann", "")
    assert not may(permissions, SEND)
    permissions.mark(NS)
    permissions.unmark(NS)
    assert not may(permissions, SEND)


def test_somebody_may_something_somewhere() -> None:
    permissions = guarded(grant("send", match="prefix", name="x"))
    assert permissions.anywhere(1, Need(NS, STREAM, "", SEND))
    assert not permissions.anywhere(1, Need(NS, STREAM, "", READ))
    permissions.add(NS, "deny", grant("send", match="all", allow=False))
    assert not permissions.anywhere(1, Need(NS, STREAM, "", SEND))


def test_all_operations_are_told_at_once() -> None:
    permissions = guarded(grant("send", "read"))
    assert permissions.operations(1, STREAM, "orders", NS) == SEND | READ | DESCRIBE
    assert permissions.operations(1, STREAM, "other", NS) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        grant("fly"),
        grant("send", kinds=()),
        grant("send", kinds=("moon",)),
        grant("send", match="re2", name="("),
        grant("send", name="x" * 5_000),
    ],
)
def test_a_grant_that_means_nothing_is_refused(wrong: Grant) -> None:
    with pytest.raises(InvalidArgument):
        check_grant(wrong)


_GRANTS = st.builds(
    Grant,
    principal=st.sampled_from(["ann", "bob", EVERYBODY]),
    kinds=st.sampled_from([(STREAM,), (GROUP,), (STREAM, GROUP)]),
    match=st.sampled_from(["literal", "prefix", "all"]),
    name=st.sampled_from(["a", "ab", "b"]),
    operations=st.lists(st.sampled_from(sorted(OPERATIONS)), max_size=3).map(tuple),
    allow=st.booleans(),
    host=st.sampled_from(["", "h"]),
)


@given(st.lists(_GRANTS, max_size=6), st.sampled_from(["a", "ab", "b", "c"]), st.sampled_from("gh"))
def test_some_grant_allows_and_none_denies(grants: list[Grant], name: str, host: str) -> None:
    permissions = guarded(*grants, host=host)
    wanted: dict[str, Any] = {
        "literal": str.__eq__,
        "prefix": str.startswith,
        "all": lambda *_: True,
    }
    about = [
        each
        for each in grants
        if each.principal in {"ann", EVERYBODY}
        and STREAM in each.kinds
        and each.host in {"", host}
        and wanted[each.match](name, each.name)
    ]
    for bit in (SEND, READ, DELETE, CONFIGURE, DECLARE):
        allowed = any(each.allow and bits_of(each.operations) & bit for each in about)
        denied = any(not each.allow and bits_of(each.operations) & bit for each in about)
        assert may(permissions, bit, name) is (allowed and not denied)
