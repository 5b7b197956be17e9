"""Front end: the filter of an Event Grid event subscription, as Azure Resource Manager spells it.

    {"includedEventTypes": [..], "subjectBeginsWith": "..", "subjectEndsWith": "..", "isSubjectCaseSensitive": false,
     "enableAdvancedFilteringOnArrays": false, "advancedFilters": [{"operatorType": "..", "key": "data.a.b", ..}, ..]}

A subscription of a namespace's topic says `filters` for `advancedFilters`. All conditions must hold; within one, any of
its values is enough, and none may be for the operators with Not. Text is compared without regard to case.

    key          what is not there, or of another type         in a list, where lists are looked into
    data.x       ... matches NumberNotIn, NumberNotInRange,    any item decides: a match, or for the operators
    id, subject  StringNotIn, IsNullOrUndefined; nothing else  with Not the end of it
    tenant       (an extension attribute of CloudEvents)

The page "Event filtering for Azure Event Grid" says all of this but that NumberNotInRange matches what is not there.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Field,
    In,
    Item,
    Literal,
    Member,
    Not,
    Or,
    Predicate,
    Some,
    Text,
    TextOp,
)
from dragoman.model.errors import InvalidArgument

FILTERS_MAX: Final = 25
VALUES_MAX: Final = 25  # of all advanced filters together
VALUE_CHARS_MAX: Final = 512
ALL_TYPES: Final = "All"

EVENT: Final = "event:"
TYPE: Final = Attribute(EVENT + "type")
SUBJECT: Final = Attribute(EVENT + "subject")
ATTRIBUTES: Final[Mapping[str, str]] = {
    "id": "id",
    "eventid": "id",
    "topic": "source",
    "source": "source",
    "subject": "subject",
    "eventtype": "type",
    "type": "type",
    "eventtime": "time",
    "time": "time",
    "dataversion": "dataversion",
    "eventtypeversion": "dataversion",
    "specversion": "specversion",
    "datacontenttype": "datacontenttype",
    "dataschema": "dataschema",
}
"""Keys of both schemas, which do not look at case, and the attribute of CloudEvents that is meant."""

Ask = Callable[[Field], Predicate]


def eventgrid_filter(settings: Mapping[str, Any]) -> Predicate:
    """The predicate of an event subscription's filter. Raises InvalidArgument."""
    parts = [*_included(settings), *_subject(settings)]
    name = "advancedFilters" if "advancedFilters" in settings else "filters"
    filters = settings.get(name)
    if filters is None:
        filters = []
    if not isinstance(filters, list) or len(filters) > FILTERS_MAX:
        raise InvalidArgument(f"{name}: a list of at most {FILTERS_MAX}")
    in_lists = bool(settings.get("enableAdvancedFilteringOnArrays", name == "filters"))
    if sum(map(_count_values, filters)) > VALUES_MAX:
        raise InvalidArgument(f"{name}: at most {VALUES_MAX} values in all")
    return And((*parts, *(_advanced(each, in_lists=in_lists) for each in filters)))


def _included(settings: Mapping[str, Any]) -> list[Predicate]:
    types = settings.get("includedEventTypes")
    if types is None or types == [ALL_TYPES]:
        return []
    return [_text_in(_texts(types, "includedEventTypes"))(TYPE)]


def _subject(settings: Mapping[str, Any]) -> list[Predicate]:
    folded = not settings.get("isSubjectCaseSensitive", False)
    parts: list[Predicate] = []
    for name, op in (("subjectBeginsWith", TextOp.PREFIX), ("subjectEndsWith", TextOp.SUFFIX)):
        text = settings.get(name) or ""
        if not isinstance(text, str):
            raise InvalidArgument(f"{name}: a string")
        if text:
            parts.append(Text(op, SUBJECT, text.lower() if folded else text, folded))
    return parts


# Advanced filters


def _advanced(settings: Any, *, in_lists: bool) -> Predicate:
    if not isinstance(settings, Mapping):
        raise InvalidArgument("an advanced filter is an object")
    kind = settings.get("operatorType")
    operator = OPERATORS.get(kind.lower()) if isinstance(kind, str) else None
    if operator is None:
        raise InvalidArgument(f"operatorType: {kind!r:.60} is none of Event Grid's operators")
    field = _field(settings.get("key"))
    return operator(field, settings, in_lists)


def _field(key: Any) -> Field:
    if not isinstance(key, str) or not key or key.startswith(".") or key.endswith("."):
        raise InvalidArgument(f"key: {key!r:.80} names no field")
    first, *rest = key.split(".")
    if rest and first.lower() == "data":
        return Member(tuple(rest))
    if rest:
        raise InvalidArgument(f"key: {key:.80} is neither an attribute nor in the data")
    if first.lower() == "data":
        return Member(())
    return Attribute(EVENT + ATTRIBUTES.get(first.lower(), first))


Operator = Callable[[Field, Mapping[str, Any], bool], Predicate]


def _any(ask: Callable[[Mapping[str, Any]], Ask]) -> Operator:
    """Holds where `ask` does."""

    def operator(field: Field, settings: Mapping[str, Any], in_lists: bool) -> Predicate:
        return _of(field, ask(settings), in_lists=in_lists)

    return operator


def _none(ask: Callable[[Mapping[str, Any]], Ask], *, of_absent: bool) -> Operator:
    """Holds where `ask` does not; where nothing is there if `of_absent`."""

    def operator(field: Field, settings: Mapping[str, Any], in_lists: bool) -> Predicate:
        refused = Not(_of(field, ask(settings), in_lists=in_lists))
        return Or((Not(Exists(field)), refused)) if of_absent else refused

    return operator


def _of(field: Field, ask: Ask, *, in_lists: bool) -> Predicate:
    return Some(field, ask(Item())) if in_lists else ask(field)


def _is_null(field: Field, settings: Mapping[str, Any], in_lists: bool) -> Predicate:
    return Not(Exists(field))


def _is_not_null(field: Field, settings: Mapping[str, Any], in_lists: bool) -> Predicate:
    return Exists(field)


# What is asked of a value


def _numbers_in(settings: Mapping[str, Any]) -> Ask:
    values = tuple(Literal(_number(value)) for value in _list(settings, "values"))
    return lambda field: In(field, values)


def _number_is(op: CompareOp) -> Callable[[Mapping[str, Any]], Ask]:
    def ask(settings: Mapping[str, Any]) -> Ask:
        value = Literal(_number(settings.get("value")))
        return lambda field: Compare(op, field, value)

    return ask


def _number_in_ranges(settings: Mapping[str, Any]) -> Ask:
    ranges = [_range(pair) for pair in _list(settings, "values")]
    return lambda field: Or(
        tuple(
            And((Compare(CompareOp.GE, field, low), Compare(CompareOp.LE, field, high)))
            for low, high in ranges
        )
    )


def _range(pair: Any) -> tuple[Literal, Literal]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise InvalidArgument("values: ranges of two numbers")
    return Literal(_number(pair[0])), Literal(_number(pair[1]))


def _bool_is(settings: Mapping[str, Any]) -> Ask:
    value = settings.get("value")
    if not isinstance(value, bool):
        raise InvalidArgument("value: true or false")
    return lambda field: Compare(CompareOp.EQ, field, Literal(value))


def _strings_in(settings: Mapping[str, Any]) -> Ask:
    return _text_in(_texts(settings.get("values"), "values"))


def _text_in(texts: list[str]) -> Ask:
    values = tuple(Literal(text.lower()) for text in texts)
    return lambda field: In(field, values, folded=True)


def _string_is(op: TextOp) -> Callable[[Mapping[str, Any]], Ask]:
    def ask(settings: Mapping[str, Any]) -> Ask:
        texts = [text.lower() for text in _texts(settings.get("values"), "values")]
        return lambda field: Or(tuple(Text(op, field, text, folded=True) for text in texts))

    return ask


OPERATORS: Final[Mapping[str, Operator]] = {
    "numberin": _any(_numbers_in),
    "numbernotin": _none(_numbers_in, of_absent=True),
    "numberlessthan": _any(_number_is(CompareOp.LT)),
    "numberlessthanorequals": _any(_number_is(CompareOp.LE)),
    "numbergreaterthan": _any(_number_is(CompareOp.GT)),
    "numbergreaterthanorequals": _any(_number_is(CompareOp.GE)),
    "numberinrange": _any(_number_in_ranges),
    "numbernotinrange": _none(_number_in_ranges, of_absent=True),
    "boolequals": _any(_bool_is),
    "stringin": _any(_strings_in),
    "stringnotin": _none(_strings_in, of_absent=True),
    "stringbeginswith": _any(_string_is(TextOp.PREFIX)),
    "stringnotbeginswith": _none(_string_is(TextOp.PREFIX), of_absent=False),
    "stringendswith": _any(_string_is(TextOp.SUFFIX)),
    "stringnotendswith": _none(_string_is(TextOp.SUFFIX), of_absent=False),
    "stringcontains": _any(_string_is(TextOp.CONTAINS)),
    "stringnotcontains": _none(_string_is(TextOp.CONTAINS), of_absent=False),
    "isnullorundefined": _is_null,
    "isnotnull": _is_not_null,
}
"""By operatorType in lower case."""


# Values as given


def _count_values(settings: Any) -> int:
    values = settings.get("values") if isinstance(settings, Mapping) else None
    if isinstance(values, list):
        return len(values)
    return 1 if isinstance(settings, Mapping) and "value" in settings else 0


def _list(settings: Mapping[str, Any], name: str) -> list[Any]:
    values = settings.get(name)
    if not isinstance(values, list) or not values:
        raise InvalidArgument(f"{name}: a list that is not empty")
    return values


def _number(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(f"{value!r:.60} is no number")
    return value


def _texts(values: Any, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidArgument(f"{name}: a list of strings")
    if any(len(value) > VALUE_CHARS_MAX for value in values):
        raise InvalidArgument(f"{name}: a string has at most {VALUE_CHARS_MAX} characters")
    return values
