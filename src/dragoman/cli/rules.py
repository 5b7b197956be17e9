"""`dragoman rule ...`: rules, which check and change messages; and `dragoman route trace`, which follows one."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from dragoman.cli import messages, show
from dragoman.cli.api import USUAL, Api, Where
from dragoman.cli.errors import CommandError
from dragoman.cli.queues import Settings
from dragoman.cli.things import named, place

COLUMNS = ("rule", "version", "on", "does", "bad", "seen", "changed", "found bad", "last fault")
DOES = ("schema", "decode", "check", "set", "headers", "plugin")


def list_(*, stream: str = "", where: Where = USUAL) -> int:
    """List rules.

    Args:
        stream: Only those that judge this stream.
    """
    found = Api(where).get("/rules", namespace=where.namespace, stream=stream)["items"]
    if where.json:
        show.lines(found)
        return 0
    rows = [
        (
            item["name"],
            item["version"],
            ", ".join(item["settings"].get("on", ())),
            ", ".join(name for name in DOES if item["settings"].get(name)),
            item["settings"].get("bad", "reject"),
            item["seen"],
            item["changed"],
            item["bad"],
            item["trouble"] or item["fault"],
        )
        for item in found
    ]
    show.table(COLUMNS, rows)
    return 0


def show_(name: str, *, where: Where = USUAL) -> int:
    """Show a rule, all that it says and what it has done.

    Args:
        name: Which.
    """
    api = Api(where)
    found = named(api, "rules", name, lambda: api.get(place(api, "rules", name)))
    show.document(found, as_json=where.json)
    return 0


def add(
    name: str,
    *,
    on: list[str] | None = None,
    when: str = "",
    schema: str = "",
    schema_version: int = 0,
    schema_first: int = 0,
    encoding: Literal["json", "binary", "framed"] = "json",
    by: Literal["body", "header"] = "body",
    decode: Annotated[bool, Parameter(negative="")] = False,
    check: str = "",
    set: Settings = None,
    header: Settings = None,
    plugin: str = "",
    bad: Literal["reject", "dead-letter", "pass", "drop"] = "reject",
    dead_letter: str = "",
    replace: Annotated[bool, Parameter(negative="")] = False,
    expected: int = -1,
    where: Where = USUAL,
) -> int:
    """Make a rule; see docs/rules.md.

    Args:
        name: Its name.
        on: A stream (queue, topic) whose publishes it judges.
        when: CEL: which messages it is for.
        schema: A subject of the schema store that bodies must be as.
        schema_version: Which version of it; 0 the latest.
        schema_first: Any version from this on up to that will do.
        encoding: How bodies say it; framed is what the Schema Registry's clients write.
        by: What is looked at: the body, or only which version it says it is.
        decode: Make JSON of framed Avro.
        check: CEL: what must be true.
        set: A field of the message by an expression, as in body={"sum":msg.a+msg.b}.
        header: A header by an expression, as in tier='"gold"'.
        plugin: A transform of Python's.
        bad: What becomes of a bad message.
        dead_letter: Where it goes, if that is dead-letter.
        replace: Change the rule if it is there.
        expected: With --replace: the version that it must have.
    """
    settings: dict[str, Any] = {
        "on": on or [],
        "when": when,
        "schema": schema,
        "schema_version": schema_version,
        "schema_first": schema_first,
        "encoding": encoding,
        "by": by,
        "decode": decode,
        "check": check,
        "set": _pairs(set),
        "headers": _pairs(header),
        "plugin": plugin,
        "bad": bad,
        "dead_letter": dead_letter,
    }
    api = Api(where)
    if replace:
        body = {"settings": settings, "expected": expected}
        found = api.put(place(api, "rules", name), body)
    else:
        body = {"name": name, "namespace": where.namespace, "settings": settings}
        found = api.post("/rules", body)
    show.document(found, as_json=where.json)
    return 0


def _pairs(given: list[str] | None) -> dict[str, str]:
    """Names and expressions. Raises CommandError."""
    found: dict[str, str] = {}
    for pair in given or ():
        name, equals, text = pair.partition("=")
        if not equals:
            raise CommandError(f"{pair}: expected NAME=EXPRESSION")
        found[name] = text
    return found


def assign(
    stream: str,
    *,
    subscription: str = "",
    rule: Annotated[list[str] | None, Parameter(negative="", consume_multiple=False)] = None,
    where: Where = USUAL,
) -> int:
    """Say which rules a subscription has; from now on its readers get what these make of messages.

    Args:
        stream: The stream that it reads.
        subscription: Which; if not said, the queue of the stream's name.
        rule: A rule, several times, in their order; none takes away those it has.
    """
    api = Api(where)
    kind, more = ("streams", ("subscriptions", subscription)) if subscription else ("queues", ())
    body = {"settings": {"rules": rule or []}}
    found = named(api, kind, stream, lambda: api.patch(place(api, kind, stream, *more), body))
    show.document(found, as_json=where.json)
    return 0


def delete(name: str, *, where: Where = USUAL) -> int:
    """Delete a rule.

    Args:
        name: Which.
    """
    api = Api(where)
    named(api, "rules", name, lambda: api.delete(place(api, "rules", name)))
    return 0


def try_(name: str, stream: str, *, last: int = 20, where: Where = USUAL) -> int:
    """Try a rule on the last messages of a stream: each before and after. Nothing changes.

    Args:
        name: Which rule.
        stream: Whose messages.
        last: How many.
    """
    body = {"namespace": where.namespace, "name": name, "stream": stream, "count": last}
    found = Api(where).post("/rule-tests", body)["items"]
    if where.json:
        show.lines(found)
        return 0
    rows = [(item["offset"], _body(item["before"]), _outcome(item)) for item in found]
    show.table(("offset", "before", "after"), rows)
    return 0


def _body(fields: dict[str, Any] | None) -> str:
    if fields is None:
        return "unreadable"
    return _text(fields.get("body", fields.get("body_base64", "")))[: show.BODY_SHOWN]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else show.plain(value)


def _outcome(item: dict[str, Any]) -> str:
    if item["bad"]:
        path = f"{item['path']}: " if item["path"] else ""
        return f"{item['bad']}: {path}{item['reason']}"
    if not item["changed"]:
        return "as it is"
    before, after = item["before"] or {}, item["after"] or {}
    changes = [
        f"{name}={_text(value)}" for name, value in after.items() if value != before.get(name)
    ]
    changes += [f"no {name}" for name in before if name not in after]
    if item["target"]:
        changes.append(f"to {item['target']}")
    return ", ".join(changes)


def trace(
    route: str,
    key: str,
    body: str = "",
    *,
    stream: Annotated[bool, Parameter(negative="")] = False,
    header: Settings = None,
    field: Settings = None,
    where: Where = USUAL,
) -> int:
    """Say where a message would go, and why. Nothing is published.

    Args:
        route: Which route it enters.
        key: The routing key.
        body: The message.
        header: A header.
        field: Any other field.
        stream: ROUTE names a stream that it is sent to, and no route.
    """
    message = {**messages.fields_of(field or (), header or ()), "body": body}
    asked = {
        "namespace": where.namespace,
        "message": message,
        "stream" if stream else "route": route,
        "key": key,
    }
    found = Api(where).post("/traces", asked)
    if where.json:
        show.lines([found])
        return 0
    rows = [
        (hop["route"], hop["key"], hop["target"], hop["taken"], hop["why"]) for hop in found["hops"]
    ]
    show.table(("route", "key", "target", "taken", "why"), rows)
    ends = [
        (
            end["stream"],
            f"{end['bad']}: {end['why']}" if end["bad"] else "stored",
            _body(end["message"]),
            ", ".join(end["readers"]),
        )
        for end in found["arrivals"]
    ]
    ends += [
        (
            f"{end['stream']}, {copy['subscription']}",
            f"{copy['bad']}: {copy['why']}" if copy["bad"] else "its copy",
            _body(copy["message"]),
            copy["subscription"],
        )
        for end in found["arrivals"]
        for copy in end["copies"]
    ]
    show.table(("stream", "outcome", "message", "readers"), ends)
    return 0
