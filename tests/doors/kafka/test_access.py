"""Access lists are kept, told back as they were, and taken back by filters."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World

from dragoman.doors.kafka.access import Acl, acl_of, grant_of
from dragoman.doors.kafka.errors import Refused
from dragoman.kernel.api import ANONYMOUS, EVERYBODY, Grant, ListGrants

TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID = 2, 3, 4, 5
ANY, MATCH, LITERAL, PREFIXED = 1, 2, 3, 4
READ, WRITE = 3, 4
DENY, ALLOW = 2, 3


def acl(name: str = "orders", **fields: Any) -> Acl:
    made = Acl(TOPIC, name, LITERAL, "User:ann", "*", READ, ALLOW)
    return made._replace(**fields)


def create(client: Client, *acls: Acl) -> list[int]:
    creations = [
        {
            "resource_type": one.resource_type,
            "resource_name": one.resource_name,
            "resource_pattern_type": one.pattern_type,
            "principal": one.principal,
            "host": one.host,
            "operation": one.operation,
            "permission_type": one.permission,
        }
        for one in acls
    ]
    return [row["error_code"] for row in client.ask(30, 3, {"creations": creations})["results"]]


def wanted(**fields: Any) -> dict[str, Any]:
    return {
        "resource_type_filter": ANY,
        "resource_name_filter": None,
        "pattern_type_filter": ANY,
        "principal_filter": None,
        "host_filter": None,
        "operation": ANY,
        "permission_type": ANY,
    } | fields


def described(client: Client, **fields: Any) -> list[Acl]:
    answer = client.ask(29, 3, wanted(**fields))
    assert answer["error_code"] == 0
    return [
        Acl(
            resource["resource_type"],
            resource["resource_name"],
            resource["pattern_type"],
            one["principal"],
            one["host"],
            one["operation"],
            one["permission_type"],
        )
        for resource in answer["resources"]
        for one in resource["acls"]
    ]


def operator(world: World | None = None) -> Client:
    """On this machine, so to say: what is refused others is not refused it."""
    client = (world or World()).connect()
    client.session.act_as_broker()
    return client


SOME = (
    acl(),
    acl("ord", pattern_type=PREFIXED, operation=WRITE, permission=DENY, host="10.0.0.9"),
    acl("*", principal="User:*"),
    acl("workers", resource_type=GROUP, principal="User:ANONYMOUS"),
    acl("kafka-cluster", resource_type=CLUSTER, operation=9),
    acl("tx", resource_type=TRANSACTIONAL_ID, operation=15),
)


def test_what_was_made_is_told_back_word_for_word() -> None:
    client = operator()
    assert create(client, *SOME, SOME[0]) == [0] * 7
    assert described(client) == sorted(SOME)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"resource_type_filter": GROUP}, {3}),
        ({"resource_name_filter": "orders", "pattern_type_filter": LITERAL}, {0}),
        ({"resource_name_filter": "orders", "pattern_type_filter": MATCH}, {0, 1, 2}),
        ({"pattern_type_filter": PREFIXED}, {1}),
        ({"principal_filter": "User:*"}, {2}),
        ({"host_filter": "10.0.0.9"}, {1}),
        ({"operation": WRITE}, {1}),
        ({"permission_type": DENY}, {1}),
    ],
)
def test_a_filter_means_what_it_names_and_the_rest_stays(
    filter: dict[str, Any], expected: set[int]
) -> None:
    client = operator()
    create(client, *SOME)
    meant = sorted(SOME[at] for at in expected)
    assert described(client, **filter) == meant
    answer = client.ask(31, 3, {"filters": [wanted(**filter)]})["filter_results"][0]
    assert answer["error_code"] == 0
    assert [one["resource_name"] for one in answer["matching_acls"]] == [
        one.resource_name for one in meant
    ]
    assert described(client) == sorted(set(SOME) - set(meant))


def test_an_acl_is_a_grant_in_the_kernels_words() -> None:
    assert grant_of(SOME[1]) == Grant(
        principal="ann",
        kinds=("stream",),
        operations=("send",),
        match="prefix",
        name="ord",
        allow=False,
        host="10.0.0.9",
        origin=grant_of(SOME[1]).origin,
    )
    assert (grant_of(SOME[2]).principal, grant_of(SOME[2]).match) == (EVERYBODY, "all")
    assert grant_of(SOME[3]).principal == ANONYMOUS
    assert [acl_of(grant_of(one)) for one in SOME] == list(SOME)
    assert acl_of(Grant(principal="x", kinds=("stream",), operations=())) is None


@pytest.mark.parametrize(
    "wrong",
    [
        acl(resource_type=6),
        acl(resource_type=99),
        acl(operation=1),
        acl(operation=12),
        acl("g", resource_type=GROUP, operation=WRITE),
        acl("other", resource_type=CLUSTER, operation=5),
        acl(principal="ann"),
        acl(principal="Group:x"),
        acl(principal="User:"),
        acl(permission=1),
        acl(pattern_type=MATCH),
        acl(""),
        acl(host=""),
    ],
)
def test_what_makes_no_sense_is_refused_and_guards_nothing(wrong: Acl) -> None:
    with pytest.raises(Refused):
        grant_of(wrong)
    client = World().connect()
    assert create(client, wrong) == [42]
    assert not client.session.is_guarded()


def test_a_filter_of_unknown_numbers_is_refused() -> None:
    client = World().connect()
    assert client.ask(29, 2, wanted(operation=0))["error_code"] == 42
    filters = {"filters": [wanted(pattern_type_filter=7)]}
    assert client.ask(31, 2, filters)["filter_results"][0]["error_code"] == 42


def test_grants_that_others_made_are_not_told() -> None:
    client = operator()
    create(client, SOME[0])
    grants: list[Grant] = client.session.submit(ListGrants())
    assert len(grants) == 1
    assert described(client) == [SOME[0]]


def test_who_may_not_alter_the_cluster_is_told_so() -> None:
    world = World()
    create(operator(world), SOME[0])
    client = world.connect()
    assert create(client, SOME[1]) == [31]
    assert client.ask(29, 3, wanted())["error_code"] == 31
    assert client.ask(31, 3, {"filters": [wanted()]})["filter_results"][0]["error_code"] == 31
