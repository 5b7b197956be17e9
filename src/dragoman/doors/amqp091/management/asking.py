"""One request of the management API: who asks, of which virtual host, with what body; and what answers look like."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from dragoman.doors.amqp091.channel import Channel
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.policies import field_of
from dragoman.doors.amqp091.roster import Roster
from dragoman.doors.amqp091.vhosts import ROOT, all_of, namespace_of
from dragoman.doors.shared.rest.call import Call, Response, json_response
from dragoman.kernel.api import Session
from dragoman.model.levels import SYNCED
from dragoman.wire.amqp091.fieldtable import Field, FieldTable

PAGE_SIZE: Final = 100
PAGE_SIZE_MAX: Final = 500
PATTERN_CHARS_MAX: Final = 1_000
Item = dict[str, Any]


class NotThere(Exception):
    """404: no such object."""


class BadRequest(Exception):
    """400, with a reason."""


class Ask:
    """See the module. `path` are the holes of the template."""

    __slots__ = ("call", "path", "query", "roster", "session", "who")

    def __init__(self, call: Call, who: str, roster: Roster) -> None:
        self.call = call
        self.session: Session = call.session
        self.path: Mapping[str, str] = call.parameters
        self.who = who
        self.roster = roster
        self.query = _query(call.request.query)

    def vhost(self) -> str:
        """That of the path. Raises NotThere."""
        vhost = self.path.get("vhost", ROOT)
        if namespace_of(self.session, vhost) is None:
            raise NotThere
        return vhost

    def namespace(self, vhost: str) -> str:
        """Raises NotThere."""
        found = namespace_of(self.session, vhost)
        if found is None:
            raise NotThere
        return found

    def vhosts(self) -> list[str]:
        """That of the path, or all. Raises NotThere."""
        return [self.vhost()] if "vhost" in self.path else list(all_of(self.session))

    def channel(self, vhost: str) -> Channel:
        """A channel of the door's own, which nobody listens to."""
        link = Link(self.session, self.call.connection)
        link.principal = self.who
        link.vhost, link.namespace = vhost, self.namespace(vhost)
        return Channel(link, 1)

    def body(self, kind: Any = dict) -> Any:
        """What was sent. Raises BadRequest."""
        try:
            return msgspec.json.decode(self.call.request.body or b"{}", type=kind, strict=False)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise BadRequest(f"bad_request: {error}") from error

    def has(self, word: str) -> bool:
        """Whether the query says so."""
        return self.query.get(word, "") == "true"


def _query(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))


# --- arguments ---


def fields_of(arguments: Mapping[str, Any]) -> FieldTable:
    """A table out of JSON."""
    return {name: field_of(value) for name, value in arguments.items()}


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
        found.sort(key=lambda item: _sortable(item.get(order)), reverse=ask.has("sort_reverse"))
    if "page" not in ask.query:
        return json_response(200, [columns(ask, item) for item in found])
    page, size = _count(ask, "page", 1), min(_count(ask, "page_size", PAGE_SIZE), PAGE_SIZE_MAX)
    shown = found[(page - 1) * size : page * size]
    return json_response(
        200,
        {
            "filtered_count": len(found),
            "item_count": len(shown),
            "items": [columns(ask, item) for item in shown],
            "page": page,
            "page_count": max(1, -(-len(found) // size)),
            "page_size": size,
            "total_count": len(items),
        },
    )


def columns(ask: Ask, item: Item) -> Item:
    """Only what the query asks for."""
    names = ask.query.get("columns", "")
    if not names:
        return item
    return {name: item[name] for name in names.split(",") if name in item}


def _fits(ask: Ask, wanted: str, name: str) -> bool:
    if not wanted:
        return True
    if not ask.has("use_regex"):
        return wanted.lower() in name.lower()
    try:
        return re.search(wanted[:PATTERN_CHARS_MAX], name) is not None
    except (re.error, RecursionError) as error:
        raise BadRequest(f"name: {error}") from error


def _sortable(value: Any) -> tuple[bool, Any]:
    return (isinstance(value, str), value if isinstance(value, str | int | float) else 0)


def _count(ask: Ask, name: str, usual: int) -> int:
    text = ask.query.get(name, str(usual))
    if not text.isdecimal() or not 0 < int(text) < 1 << 31:
        raise BadRequest(f"page_out_of_range: {name}")
    return int(text)


def changed(ask: Ask, status: int = 204, headers: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    """Done, and told once it is safe."""
    return Response(status, b"", headers).after(ask.session.position(), SYNCED)


def refused(text: str) -> Refused:
    """400 in the words of AMQP."""
    return Refused(PRECONDITION_FAILED, text)
