"""One request of the management API: who asks, of which virtual host, with what body; and what answers look like."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.exchanges import declare_all
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.management.rates import Counts, Rates
from dragoman.doors.amqp091.management.tags import NotAuthorised, Rank
from dragoman.doors.amqp091.policies import field_of
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.amqp091.vhosts import ROOT, all_of, namespace_of
from dragoman.doors.shared import users
from dragoman.doors.shared.rest.call import Call, Response, json_response
from dragoman.kernel.api import Session
from dragoman.model.levels import SYNCED
from dragoman.telemetry.counters import Meters
from dragoman.wire.amqp091.fieldtable import Field, FieldTable

PARAMETER: Final = "amqp091.parameter"  # the kind of their documents, named COMPONENT/NAME
PAGE_SIZE: Final = 100
PAGE_SIZE_MAX: Final = 500
MAKING: Final = frozenset(("PUT", "POST"))
PLACE: Final = " - at "  # where the fault is, in a document that is JSON
MISSING: Final = re.compile(r"Object missing required field `(\w+)`$")
PATTERN_CHARS_MAX: Final = 1_000
NO_PAGE: Final = "Pagination parameters are invalid"
Item = dict[str, Any]


class NotThere(Exception):
    """404: no such object."""


class Missing(Exception):
    """404: what a request would act on, in the words of AMQP."""


class BadRequest(Exception):
    """400, with a reason, or a word and its culprit as RabbitMQ has it, and what is wrong in general."""

    def __init__(self, reason: str | list[str], error: str = "bad_request") -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


class VhostNotFound(Exception):
    """404: what is made has no place to be."""


class Seen(NamedTuple):
    """What the API tells of besides what the kernel knows."""

    roster: Roster
    meters: Meters
    rates: Rates


class Ask:
    """See the module. `path` are the holes of the template, `rank` what tags make of who asks; None, grants do."""

    __slots__ = (
        "_met",
        "call",
        "meters",
        "path",
        "query",
        "rank",
        "rates",
        "roster",
        "session",
        "who",
    )

    def __init__(self, call: Call, who: str, rank: Rank | None, seen: Seen) -> None:
        self.call = call
        self.session: Session = call.session
        self.path: Mapping[str, str] = call.parameters
        self.who = who
        self.rank = rank
        self.roster, self.meters, self.rates = seen
        self._met: set[str] = set()  # virtual hosts whose predeclared exchanges are there
        self.query = _query(call.request.query)
        self.speak()

    def speak(self) -> None:
        """Let the session speak for who asks: for the broker, where a tag lets who asks govern."""
        if self.rank is not None and self.rank.governs:
            self.session.act_as_broker()
        else:
            self.session.act_as(self.who, self.call.connection.peer[0])

    def admits(self, vhost: str) -> bool:
        """Whether who asks may come in there, or sees all."""
        if self.rank is None or self.rank.sees_all:
            return True
        return self._may_come_in(vhost)

    def _may_come_in(self, vhost: str) -> bool:
        namespace = namespace_of(self.session, vhost)
        if namespace is None:
            return True
        self.session.act_as(self.who, self.call.connection.peer[0])
        found = users.admits(self.session, namespace, self.who)
        self.speak()
        return found

    def vhost(self) -> str:
        """That of the path. Raises NotThere, VhostNotFound and NotAuthorised."""
        vhost = self.path.get("vhost", ROOT)
        if namespace_of(self.session, vhost) is None:
            raise VhostNotFound if self.call.request.method in MAKING else NotThere
        is_own = self.rank is not None and self.rank.enters
        if not (self._may_come_in(vhost) if is_own else self.admits(vhost)):
            raise NotAuthorised("User not authorised to access virtual host")
        return vhost

    def namespace(self, vhost: str) -> str:
        """Raises NotThere."""
        found = namespace_of(self.session, vhost)
        if found is None:
            raise NotThere
        return found

    def vhosts(self) -> list[str]:
        """That of the path, or all that who asks may come in to. Raises NotThere and NotAuthorised."""
        if "vhost" in self.path:
            return [self.vhost()]
        return [vhost for vhost in all_of(self.session) if self.admits(vhost)]

    def channel(self, vhost: str) -> Channel:
        """A channel of the door's own, which nobody listens to. Raises NotAuthorised."""
        self.speak()  # whatever was asked as the broker before
        if self.rank is not None and not self.rank.governs and not self._may_come_in(vhost):
            raise NotAuthorised("User not authorised to access virtual host")
        link = Link(self.session, self.call.connection)
        link.principal = self.who
        link.flows = self.roster.flows
        link.vhost, link.namespace = vhost, self.namespace(vhost)
        if vhost not in self._met:
            self._met.add(vhost)
            declare_all(link)
            self.speak()
        return Channel(link, 1)

    def body(self, kind: Any = dict) -> Any:
        """What was sent. Raises BadRequest."""
        try:
            return msgspec.json.decode(self.call.request.body or b"{}", type=kind, strict=False)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            missing = MISSING.match(str(error))
            is_json = isinstance(error, msgspec.ValidationError) and PLACE in str(error)
            text = f"bad_request: {error}" if is_json else "not_json"
            raise BadRequest(f"[{{key_missing,{missing[1]}}}]" if missing else text) from error

    def details(self, key: str, counts: Counts) -> Item:
        """Counts with their rates."""
        return self.rates.details(key, counts, self.session.elapsed_ms())

    def has(self, word: str) -> bool:
        """Whether the query says so."""
        return self.query.get(word, "") == "true"


def _query(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))


# --- arguments ---


Table = dict[str, Any] | list[Any]
"""What tools send as an object; those written in PHP spell an empty one []."""


def table_of(told: Table) -> dict[str, Any]:
    """Raises BadRequest for a list that is not empty."""
    if isinstance(told, dict):
        return told
    if told:
        raise BadRequest("not_json")
    return {}


def fields_of(told: Table) -> FieldTable:
    """A table out of JSON. Raises BadRequest."""
    return {name: field_of(value) for name, value in table_of(told).items()}


def plain_of(field: Field) -> Any:
    """JSON out of a field."""
    match field.letter:
        case "S" | "x":
            return field.value.decode(errors="replace")
        case "A":
            return [plain_of(item) for item in field.value]
        case "F":
            return {name: plain_of(item) for name, item in field.value.items()}
        case "D":
            scale, unscaled = field.value
            return unscaled / 10**scale
        case _:
            return field.value


# --- answers ---


def listed(ask: Ask, items: Sequence[Item]) -> Response:
    """A list, or the page of it that the query asks for, with the columns it asks for. Raises BadRequest."""
    wanted = ask.query.get("name", "")
    found = [item for item in items if _fits(ask, wanted, str(item.get("name", "")))]
    order = ask.query.get("sort", "")
    if order:
        found.sort(key=lambda item: _sortable(_at(item, order)), reverse=ask.has("sort_reverse"))
    if "page" not in ask.query:
        return json_response(200, [columns(ask, item) for item in found])
    page, size = _page(ask)
    count = max(1, -(-len(found) // size))
    if (page - 1) * size > len(found):
        text = f"Page out of range, page: {page} page size: {size}, len: {len(found)}"
        raise BadRequest(text, "page_out_of_range")
    shown = found[(page - 1) * size : page * size]
    return json_response(
        200,
        {
            "filtered_count": len(found),
            "item_count": len(shown),
            "items": [columns(ask, item) for item in shown],
            "page": page,
            "page_count": count,
            "page_size": size,
            "total_count": len(items),
        },
    )


def _page(ask: Ask) -> tuple[int, int]:
    """Number and size. Raises BadRequest."""
    told = (ask.query["page"], ask.query.get("page_size", str(PAGE_SIZE)))
    page, size = (int(text) if text.isdecimal() and len(text) < 10 else 0 for text in told)
    if not all(text.isdecimal() for text in told):
        raise BadRequest(NO_PAGE)
    if not page or not 0 < size <= PAGE_SIZE_MAX:
        shown = ask.query.get("page_size", "undefined")
        text = f"Invalid pagination parameters: page number {told[0]}, page size {shown}"
        raise BadRequest(text, "invalid_pagination_parameters")
    return page, size


def of_vhosts(ask: Ask, items: Callable[[Ask, str], Iterable[Item]], *fields: str) -> Response:
    """Items of one virtual host or of all, those whose `fields` are what the path says, where it does. Raises
    BadRequest.
    """
    wanted = {field: ask.path[field] for field in fields if field in ask.path}
    found = [item for vhost in ask.vhosts() for item in items(ask, vhost)]
    return listed(
        ask, [item for item in found if all(item[name] == is_ for name, is_ in wanted.items())]
    )


def single(ask: Ask, item: Item) -> Response:
    """One thing, with the columns that the query asks for."""
    return json_response(200, columns(ask, item))


def one_of(ask: Ask, items: Iterable[Item], *fields: str) -> Item:
    """The one whose `fields` are what the path says. Raises NotThere."""
    for item in items:
        if all(item[field] == ask.path[field] for field in fields):
            return item
    raise NotThere


def columns(ask: Ask, item: Item) -> Item:
    """Only what the query asks for: `a,b.c` is a whole, and c of b."""
    names = ask.query.get("columns", "")
    if not names:
        return item
    found: Item = {}
    for name in names.split(","):
        value = _at(item, name)
        if value is not None or name in item:
            *outer, last = name.split(".")
            place = found
            for part in outer:
                place = place.setdefault(part, {})
            place[last] = value
    return found


def _at(item: Item, path: str) -> Any:
    """What stands at `a.b`; None where nothing does."""
    value: Any = item
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _fits(ask: Ask, wanted: str, name: str) -> bool:
    if not wanted:
        return True
    if not ask.has("use_regex"):
        return wanted.lower() in name.lower()
    try:
        return re.search(wanted[:PATTERN_CHARS_MAX], name) is not None
    except (re.error, RecursionError) as error:
        raise BadRequest(NO_PAGE) from error


def _sortable(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value if isinstance(value, str | int | float) else 0)


def changed(ask: Ask, status: int = 204, headers: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    """Done, and told once it is safe."""
    return Response(status, b"", headers).after(ask.session.position(), SYNCED)


def refused(text: str) -> Refused:
    """400 in the words of AMQP."""
    return Refused(PRECONDITION_FAILED, text)
