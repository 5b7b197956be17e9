"""Operations on grants: who may do what in a namespace."""

from typing import Final

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, Query
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    CreateGrants,
    DeleteGrants,
    Grant,
    ListGrants,
    SetGuard,
)

PATH: Final = "/admin/v1/grants"


class GrantsQuery(Query):
    """Of one namespace."""

    namespace: str = DEFAULT_NAMESPACE


class SomeGrants(msgspec.Struct, forbid_unknown_fields=True):
    """Grants that come, or go."""

    grants: list[Grant]
    namespace: str = DEFAULT_NAMESPACE


class Grants(msgspec.Struct):
    """Those of a namespace, and whether what none allows is refused there."""

    guarded: bool
    grants: list[Grant]


class Guard(msgspec.Struct, forbid_unknown_fields=True):
    """Whether what no grant allows is refused."""

    guarded: bool
    namespace: str = DEFAULT_NAMESPACE


def list_grants(ask: Ask) -> Grants:
    """All of them."""
    return _shown(ask, ask.query.namespace)


def _shown(ask: Ask, namespace: str) -> Grants:
    found: list[Grant] = ask.session.submit(ListGrants(namespace=namespace))
    return Grants(ask.session.is_guarded(namespace), found)


def create_grants(ask: Ask) -> Grants:
    """Raises InvalidArgument, QuotaExceeded."""
    body: SomeGrants = ask.body
    ask.session.submit(CreateGrants(namespace=body.namespace, grants=tuple(body.grants)))
    return _shown(ask, body.namespace)


def delete_grants(ask: Ask) -> Grants:
    """Those that are not there are gone already."""
    body: SomeGrants = ask.body
    ask.session.submit(DeleteGrants(namespace=body.namespace, grants=tuple(body.grants)))
    return _shown(ask, body.namespace)


def set_guard(ask: Ask) -> Grants:
    """A namespace that the operator guards stays so."""
    body: Guard = ask.body
    ask.session.submit(SetGuard(namespace=body.namespace, guarded=body.guarded))
    return _shown(ask, body.namespace)


ENDPOINTS: Final = (
    Endpoint(
        "GET",
        PATH,
        list_grants,
        "List grants",
        name="listGrants",
        answer=Grants,
        query=GrantsQuery,
    ),
    Endpoint(
        "POST",
        PATH,
        create_grants,
        "Grant or deny; the namespace is guarded from then on",
        name="createGrants",
        answer=Grants,
        body=SomeGrants,
    ),
    Endpoint(
        "DELETE",
        PATH,
        delete_grants,
        "Take grants back",
        name="deleteGrants",
        answer=Grants,
        body=SomeGrants,
    ),
    Endpoint(
        "PUT",
        "/admin/v1/guard",
        set_guard,
        "Guard a namespace, or open it",
        name="setGuard",
        answer=Grants,
        body=Guard,
    ),
)
