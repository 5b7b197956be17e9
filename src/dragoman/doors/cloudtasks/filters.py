"""ListQueues.filter: which queues are listed, in the part of Google's logging query language that is about fields.

    filter  one or more groups, AND between them or nothing        each must hold
    group   one or more terms, OR between them                     which binds closer than AND
    term    [NOT | -] FIELD OPERATOR VALUE

A field is a path of Queue's, in either spelling: `state`, `rate_limits.max_dispatches_per_second`, `rateLimits...`. Of
text `:` is to be found in it, whatever the case. Values are words or stand in quotes.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from dragoman.doors.cloudtasks.errors import invalid, not_offered
from dragoman.doors.cloudtasks.protos import Queue

Test = Callable[[Any], bool]

CHARS_MAX: Final = 1_000
OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    ":": lambda known, wanted: str(wanted).casefold() in str(known).casefold(),
}
_WORD: Final = re.compile(
    r"""\s*(?: (?P<join>AND|OR)\b
           | (?P<not>NOT\s+|-)? (?P<field>[A-Za-z_][\w.]*) \s* (?P<operator><=|>=|!=|[=<>:]) \s*
             (?: "(?P<quoted>[^"\\]*)" | (?P<value>[^\s()"]+) )
           )""",
    re.VERBOSE | re.ASCII,
)


def read_filter(text: str) -> Test:
    """Whether a queue is meant. Raises Status."""
    if len(text) > CHARS_MAX:
        raise invalid(f"The filter has more than {CHARS_MAX} characters.")
    groups: list[list[Test]] = []
    join, at = "AND", 0
    bare = text.rstrip()
    while at < len(bare):
        found = _WORD.match(bare, at)
        if found is None or (found["join"] and join):
            raise invalid(f"The filter is not understood from here on: {bare[at:]!r:.200}.")
        at = found.end()
        if found["join"]:
            join = found["join"]
            continue
        if join == "OR":
            groups[-1].append(_term(found))
        else:
            groups.append([_term(found)])
        join = ""
    if join:
        raise invalid("The filter ends where a term should stand.")
    return partial(_holds, groups)


def _holds(groups: Sequence[Sequence[Test]], queue: Any) -> bool:
    return all(any(test(queue) for test in group) for group in groups)


def _term(found: re.Match[str]) -> Test:
    path = _path(found["field"])
    value = found["value"] if found["quoted"] is None else found["quoted"]
    wanted = _value(path[-1], found["operator"], value)
    compare = OPERATORS[found["operator"]]
    is_negated = bool(found["not"])
    return lambda queue: compare(_read(queue, path), wanted) is not is_negated


def _path(text: str) -> Sequence[FieldDescriptor]:
    """The fields on the way to one that is told as it is. Raises Status."""
    found: list[FieldDescriptor] = []
    kind: Any = Queue.DESCRIPTOR
    for name in text.split("."):
        fields = () if kind is None else kind.fields
        field = next((each for each in fields if name in (each.name, each.json_name)), None)
        if field is None:
            raise invalid(f"filter: {text:.200} is not a field of Queue.")
        found.append(field)
        kind = field.message_type
    if kind is not None or found[-1].is_repeated:
        raise not_offered(f"Filters of lists by {text}")
    return found


def _value(field: FieldDescriptor, how: str, text: str) -> Any:
    """Raises Status."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING or how == ":":
        return text
    if field.enum_type is not None:
        if text not in field.enum_type.values_by_name or how not in {"=", "!="}:
            raise invalid(f"filter: {field.name} {how} {text:.200} makes no sense.")
        return text
    try:
        return float(text)
    except ValueError:
        raise invalid(f"filter: {text:.200} is not a number.") from None


def _read(queue: Any, path: Sequence[FieldDescriptor]) -> Any:
    value = queue
    for field in path:
        value = getattr(value, field.name)
    enum = path[-1].enum_type
    return value if enum is None else enum.values_by_number[value].name
