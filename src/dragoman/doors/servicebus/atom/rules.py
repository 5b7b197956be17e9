"""A subscription's rules as elements, and back: see `rulebook` for what they are.

<RuleDescription><Filter i:type="SqlFilter"><SqlExpression/>..</Filter><Action i:type="EmptyRuleAction"/>
<CreatedAt/><Name/></RuleDescription>
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from dragoman.doors.servicebus.atom.documents import (
    SCHEMA,
    child,
    local,
    tag,
    text_in,
    type_of,
)
from dragoman.doors.servicebus.atom.errors import bad, printable
from dragoman.doors.servicebus.atom.times import spell_time
from dragoman.doors.servicebus.durations import (
    read_duration,
    read_time,
    write_duration,
    write_time,
)
from dragoman.doors.servicebus.rulebook import DATE_TIME, DURATION, Rule

KINDS: Final[Mapping[str, str]] = {
    "SqlFilter": "sql",
    "TrueFilter": "true",
    "FalseFilter": "false",
    "CorrelationFilter": "correlation",
}
CORRELATION: Final[Mapping[str, str]] = {
    "CorrelationId": "correlation-id",
    "MessageId": "message-id",
    "To": "to",
    "ReplyTo": "reply-to",
    "Label": "label",
    "SessionId": "session-id",
    "ReplyToSessionId": "reply-to-session-id",
    "ContentType": "content-type",
}
"""Elements in their order, and what the kernel's dialect calls them."""
ALWAYS: Final[Mapping[str, str]] = {"true": "1=1", "false": "1=0"}
PAIR: Final = "KeyValueOfstringanyType"
Value = str | int | float | bool | dict[str, int]
"""Times are {"dateTime": ms} and {"duration": ms}, as the kernel's dialect has them."""


def _read_time(text: str) -> dict[str, int]:
    return {DATE_TIME: _known(read_time(text))}


def _read_duration(text: str) -> dict[str, int]:
    return {DURATION: _known(read_duration(text))}


def _known(found: int | None) -> int:
    if found is None:
        raise ValueError
    return found


_READERS: Final[Mapping[str, Callable[[str], Value]]] = {
    DATE_TIME: _read_time,
    DURATION: _read_duration,
    "string": str,
    "int": int,
    "long": int,
    "double": float,
    "boolean": lambda text: text.lower() == "true",
}


def read_rule(element: Element, name: str) -> dict[str, Any]:
    """A rule of a RuleDescription. Raises AtomError."""
    filter_ = child(element, "Filter")
    rule: dict[str, Any] = {"name": name}
    if filter_ is None:
        return {**rule, "kind": "true"}
    kind = KINDS.get(type_of(filter_))
    if kind is None:
        raise bad(f"A filter is one of {', '.join(KINDS)}, not {type_of(filter_)!r}.")
    rule["kind"] = kind
    if kind == "sql":
        rule["expression"] = text_in(filter_, "SqlExpression") or ""
        rule |= _parameters(filter_)
    elif kind == "correlation":
        rule["fields"] = {
            field: text
            for element_name, field in CORRELATION.items()
            if (text := text_in(filter_, element_name))
        }
        rule["properties"] = read_pairs(child(filter_, "Properties"))
    return rule | _action(child(element, "Action"))


def _parameters(element: Element) -> dict[str, Any]:
    found = read_pairs(child(element, "Parameters"))
    return {"parameters": found} if found else {}


def _action(element: Element | None) -> dict[str, Any]:
    expression = None if element is None else text_in(element, "SqlExpression")
    if element is None or not expression:
        return {}
    return {"action": {"expression": expression, **_parameters(element)}}


def read_pairs(element: Element | None) -> dict[str, Value]:
    """Names and typed values. Raises AtomError."""
    found: dict[str, Value] = {}
    for pair in element if element is not None else ():
        name, value = text_in(pair, "Key") or "", child(pair, "Value")
        if local(pair) != PAIR or value is None:
            raise bad(f"{PAIR} has a Key and a Value.")
        kind = type_of(value) or "string"
        if kind not in _READERS:
            raise bad(f"{name}: values of the type {kind} are not compared here.")
        try:
            found[name] = _READERS[kind](value.text or "")
        except ValueError:
            raise bad(f"{name}: {value.text!r} is no {kind}.") from None
    return found


def write_rule(rule: Rule) -> str:
    """What stands in a RuleDescription."""
    kind = rule["kind"]
    known = next(name for name, found in KINDS.items() if found == kind)
    if kind == "correlation":
        fields = rule.get("fields", {})
        told = "".join(
            tag(name, fields[field]) for name, field in CORRELATION.items() if field in fields
        )
        told += write_pairs("Properties", rule.get("properties", {}))
    else:
        told = _sql({**rule, "expression": ALWAYS.get(kind, rule.get("expression", ""))})
    action = rule.get("action")
    acts = (
        f'<Action i:type="SqlRuleAction">{_sql(action)}</Action>'
        if action
        else '<Action i:type="EmptyRuleAction"/>'
    )
    created = tag("CreatedAt", spell_time(rule.get("created_ms", 0)))
    return f'<Filter i:type="{known}">{told}</Filter>{acts}{created}{tag("Name", rule["name"])}'


def _sql(said: Mapping[str, Any]) -> str:
    expression = tag("SqlExpression", said["expression"])
    parameters = write_pairs("Parameters", said.get("parameters", {}))
    return f"{expression}<CompatibilityLevel>20</CompatibilityLevel>{parameters}"


def write_pairs(name: str, pairs: Mapping[str, Any]) -> str:
    """Names and typed values as an element; an empty one where there are none."""
    told = "".join(
        f'<{PAIR}><Key>{escape(printable(key))}</Key><Value i:type="d6p1:{_type(value)}" xmlns:d6p1="{SCHEMA}">'
        f"{escape(printable(_spell(value)))}</Value></{PAIR}>"
        for key, value in pairs.items()
    )
    return f"<{name}>{told}</{name}>" if told else f"<{name}/>"


def _type(value: object) -> str:
    if isinstance(value, Mapping):
        return str(next(iter(value)))
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if -(1 << 31) <= value < 1 << 31 else "long"
    return "double" if isinstance(value, float) else "string"


def _spell(value: object) -> str:
    if isinstance(value, Mapping):
        ((kind, span_ms),) = value.items()
        return write_time(span_ms) if kind == DATE_TIME else write_duration(span_ms)
    return str(value).lower() if isinstance(value, bool) else str(value)
