"""Operations on pumps."""

from typing import Final

import msgspec

from dragoman.console.admin.endpoint import Ask, Endpoint, Query
from dragoman.console.admin.options import changed
from dragoman.console.admin.views import PumpOptions, Pumps, PumpView, pump_view
from dragoman.kernel.api import (
    DEFAULT_NAMESPACE,
    CreatePump,
    DeletePump,
    ListPumps,
    PumpInfo,
    PumpSettings,
)
from dragoman.model.errors import PumpNotFound


class PumpsQuery(Query):
    """Of one source, or of all; `ended` adds those of its past, the latest first."""

    namespace: str = DEFAULT_NAMESPACE
    source: str = ""
    ended: bool = False


class NewPump(msgspec.Struct, forbid_unknown_fields=True):
    """A pump to be made: it reads the stream `source`, or takes from a leased subscription of it."""

    name: str
    source: str
    settings: PumpOptions
    namespace: str = DEFAULT_NAMESPACE
    subscription: str = ""


def list_pumps(ask: Ask) -> Pumps:
    """Those at work, then those that ended."""
    query: PumpsQuery = ask.query
    found = ask.session.submit(
        ListPumps(namespace=query.namespace, source=query.source, with_ended=query.ended)
    )
    return Pumps([pump_view(query.namespace, info) for info in found])


def create_pump(ask: Ask) -> PumpView:
    """Raises AlreadyExists, StreamNotFound, SubscriptionNotFound, InvalidArgument, QuotaExceeded."""
    body: NewPump = ask.body
    command = CreatePump(
        namespace=body.namespace,
        name=body.name,
        source=body.source,
        subscription=body.subscription,
        settings=changed(PumpSettings(), body.settings),
    )
    return pump_view(body.namespace, ask.session.submit(command))


def show_pump(ask: Ask) -> PumpView:
    """One at work, or the latest of that name that ended. Raises PumpNotFound."""
    namespace, name = ask.path["namespace"], ask.path["name"]
    found: list[PumpInfo] = ask.session.submit(ListPumps(namespace=namespace, with_ended=True))
    for info in found:
        if info.name == name:
            return pump_view(namespace, info)
    raise PumpNotFound(name)


def delete_pump(ask: Ask) -> None:
    """Raises PumpNotFound."""
    ask.session.submit(DeletePump(**ask.place()))


PUMP: Final = "/admin/v1/pumps/{namespace}/{name}"

ENDPOINTS: Final = (
    Endpoint(
        "GET",
        "/admin/v1/pumps",
        list_pumps,
        "List pumps",
        name="listPumps",
        answer=Pumps,
        query=PumpsQuery,
    ),
    Endpoint(
        "POST",
        "/admin/v1/pumps",
        create_pump,
        "Make a pump",
        name="createPump",
        answer=PumpView,
        body=NewPump,
        status=201,
    ),
    Endpoint("GET", PUMP, show_pump, "Show a pump", name="showPump", answer=PumpView),
    Endpoint(
        "DELETE",
        PUMP,
        delete_pump,
        "Stop a pump; what it carried stays carried",
        name="deletePump",
    ),
)
