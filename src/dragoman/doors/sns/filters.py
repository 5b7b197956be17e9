"""Filter policies: which messages a subscription wants ("Amazon SNS subscription filter policies"). Pure.

    {"store": ["a", {"prefix": "b"}], "price": [{"numeric": [">", 1]}]}     all keys, of each any condition
    {"$or": [{"a": [1]}, {"b": [2]}]}                                       any of these
    MessageAttributes  a key is an attribute's name     MessageBody  a key leads into the body, which is JSON

A key has several values where the attribute is a String.Array or where arrays stand on the way: one that holds is
enough. A policy is read once and then only asked. Numbers are compared as such, never with strings.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any, Final

from dragoman.doors.sns.errors import invalid
from dragoman.doors.sqs.errors import Refused
from dragoman.wire.aws.shapes import AttributeValue

ATTRIBUTES: Final = "MessageAttributes"
BODY: Final = "MessageBody"
SCOPES: Final = (ATTRIBUTES, BODY)
KEYS_MAX: Final = 5
COMBINATIONS_MAX: Final = 150
POLICY_BYTES_MAX: Final = 150 << 10
DEPTH_MAX: Final = 16
WILDCARDS_MAX: Final = 3  # stars in one pattern
BODY_VALUES_MAX: Final = 10_000  # of one key, of arrays in arrays
OR: Final = "$or"

Test = Callable[[Any], bool]
Reader = Callable[[tuple[str, ...]], Sequence[Any] | None]
"""From a key's path to its values; None where there is none."""


class Rule:
    """One key: a value that passes one of the tests; or its absence, where that `takes_none`."""

    __slots__ = ("path", "takes_any", "takes_none", "tests")

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        self.tests: list[Test] = []
        self.takes_any = False
        self.takes_none = False

    def matches(self, read: Reader) -> bool:
        """Whether the message has it."""
        values = read(self.path)
        if values is None:
            return self.takes_none
        return self.takes_any or any(test(value) for value in values for test in self.tests)


class Clause:
    """All of `rules`, and of each of `choices` any."""

    __slots__ = ("choices", "rules")

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.choices: list[list[Clause]] = []

    def matches(self, read: Reader) -> bool:
        """Whether the message has all of it."""
        return all(rule.matches(read) for rule in self.rules) and all(
            any(clause.matches(read) for clause in choice) for choice in self.choices
        )


class Policy:
    """A filter policy and its scope."""

    __slots__ = ("clause", "is_of_body")

    def __init__(self, clause: Clause, *, is_of_body: bool) -> None:
        self.clause = clause
        self.is_of_body = is_of_body

    def takes(self, text: str, attributes: Mapping[str, AttributeValue]) -> bool:
        """Whether a message with this text and these attributes is wanted."""
        if not self.is_of_body:
            return self.clause.matches(lambda path: values_of(attributes.get(path[0])))
        try:
            document = _parsed(text)
        except (ValueError, RecursionError):
            return False
        if not isinstance(document, dict):
            return False
        return self.clause.matches(lambda path: _leaves(document, path))


# --- what a message has ---


def values_of(attribute: AttributeValue | None) -> Sequence[Any] | None:
    """Of a message attribute: strings, numbers, what a String.Array holds; bytes have no value that could be asked."""
    if attribute is None:
        return None
    data_type, text = attribute.data_type or "", attribute.string_value
    if text is None or data_type.startswith("Binary"):
        return ()
    if data_type.startswith("Number"):
        try:
            return (float(text),)
        except ValueError:
            return ()
    if data_type == "String.Array":
        try:
            found = _parsed(text)
        except (ValueError, RecursionError):
            return ()
        return found if isinstance(found, list) else ()
    return (text,)


def _parsed(text: str) -> Any:
    """JSON, in which all numbers are floats. Raises ValueError, RecursionError."""
    return json.loads(text, parse_int=float)


def _leaves(document: Any, path: tuple[str, ...]) -> Sequence[Any] | None:
    level = [document]
    for step in path:
        below = [one[step] for one in _spread(level) if isinstance(one, dict) and step in one]
        if not below:
            return None
        level = below
    return [one for one in _spread(level) if not isinstance(one, dict)]


def _spread(level: list[Any]) -> list[Any]:
    """Arrays as their items."""
    while any(isinstance(one, list) for one in level):
        level = [item for one in level for item in (one if isinstance(one, list) else (one,))][
            :BODY_VALUES_MAX
        ]
    return level


# --- read ---


def read_policy(attributes: Mapping[str, str]) -> Policy | None:
    """A subscription's, None where it takes all. Raises Refused."""
    scope = attributes.get("FilterPolicyScope") or ATTRIBUTES
    if scope not in SCOPES:
        raise invalid(
            "FilterPolicyScope", f"Invalid value [{scope}]. Please use {' or '.join(SCOPES)}"
        )
    text = attributes.get("FilterPolicy", "")
    if not text:
        return None
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise _bad(f"A filter policy has at most {POLICY_BYTES_MAX} bytes")
    try:
        document = _parsed(text)
    except (ValueError, RecursionError):
        raise _bad("failed to parse JSON.") from None
    if not isinstance(document, dict):
        raise _bad("The policy is no JSON object")
    if not document:
        return None
    parser = _Parser(is_of_body=scope == BODY)
    return Policy(parser.clause(document, (), 1), is_of_body=scope == BODY)


class _Parser:
    """Of one policy: counts what it may have only so many of."""

    def __init__(self, *, is_of_body: bool) -> None:
        self._is_of_body = is_of_body
        self._keys = 0
        self._combinations = 1

    def clause(self, document: Mapping[str, Any], path: tuple[str, ...], depth: int) -> Clause:
        """An object of the policy. Raises Refused."""
        if depth > DEPTH_MAX:
            raise _bad(f"A filter policy has at most {DEPTH_MAX} levels")
        found = Clause()
        for key, below in document.items():
            if key == OR and _is_choice(below):
                found.choices.append([self.clause(one, path, depth + 1) for one in below])
            elif isinstance(below, list):
                found.rules.append(self._rule((*path, key), below))
            elif isinstance(below, dict) and below and self._is_of_body:
                inner = self.clause(below, (*path, key), depth + 1)
                found.rules += inner.rules
                found.choices += inner.choices
            elif isinstance(below, dict):
                raise _bad(
                    "Filter policy scope MessageAttributes does not support nested filter policy"
                )
            else:
                raise _bad(f'"{key}" must be an object or an array')
        return found

    def _rule(self, path: tuple[str, ...], conditions: list[Any]) -> Rule:
        if not conditions:
            raise _bad("Empty arrays are not allowed")
        self._keys += 1
        self._combinations *= len(conditions)
        if self._keys > KEYS_MAX:
            raise _bad(f"Filter policy can not have more than {KEYS_MAX} keys")
        if self._combinations > COMBINATIONS_MAX:
            raise _bad("Filter policy is too complex")
        rule = Rule(path)
        for condition in conditions:
            _add(rule, condition)
        return rule


def _is_choice(below: Any) -> bool:
    """Whether `$or` means or, and is no key of the message."""
    return (
        isinstance(below, list)
        and len(below) > 1
        and all(isinstance(one, dict) and one for one in below)
        and not any(set(one) & OPERATORS.keys() for one in below)
    )


def _add(rule: Rule, condition: Any) -> None:
    if not isinstance(condition, dict):
        rule.tests.append(_equal(condition))
        return
    if len(condition) != 1:
        raise _bad("Only one key allowed in match expression")
    ((name, told),) = condition.items()
    if name == "exists":
        if not isinstance(told, bool):
            raise _bad("exists match pattern must be either true or false.")
        rule.takes_any |= told
        rule.takes_none |= not told
        return
    make = OPERATORS.get(name)
    if make is None:
        raise _bad(f"Unrecognized match type {name}")
    rule.tests.append(make(told))


def _equal(wanted: Any) -> Test:
    if isinstance(wanted, dict | list):
        raise _bad("Match value must be String, number, true, false, or null")
    if isinstance(wanted, bool) or wanted is None:
        return lambda value: value is wanted
    kind = type(wanted)
    return lambda value: type(value) is kind and value == wanted


def _string(name: str, told: Any) -> str:
    if not isinstance(told, str) or not told:
        raise _bad(f"{name} match pattern must be a string")
    return told


def _prefix(told: Any) -> Test:
    wanted = _string("prefix", told)
    return lambda value: isinstance(value, str) and value.startswith(wanted)


def _suffix(told: Any) -> Test:
    wanted = _string("suffix", told)
    return lambda value: isinstance(value, str) and value.endswith(wanted)


def _equals_ignore_case(told: Any) -> Test:
    wanted = _string("equals-ignore-case", told).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == wanted


def _wildcard(told: Any) -> Test:
    wanted = _string("wildcard", told)
    if wanted.count("*") > WILDCARDS_MAX or "**" in wanted:
        raise _bad(f"wildcard match pattern has at most {WILDCARDS_MAX} stars, none beside another")
    first, *rest = wanted.split("*")

    def holds(value: Any) -> bool:
        if not isinstance(value, str) or not value.startswith(first):
            return False
        if not rest:
            return value == first
        at = len(first)
        for part in rest[:-1]:
            found = value.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        return value.endswith(rest[-1]) and at + len(rest[-1]) <= len(value)

    return holds


def _cidr(told: Any) -> Test:
    try:
        network = ip_network(_string("cidr", told), strict=False)
    except ValueError:
        raise _bad("Malformed CIDR, one '/' required") from None

    def holds(value: Any) -> bool:
        try:
            return isinstance(value, str) and ip_address(value) in network
        except ValueError:
            return False

    return holds


def _anything_but(told: Any) -> Test:
    if isinstance(told, dict):
        if len(told) != 1 or next(iter(told)) not in OPPOSITES:
            raise _bad("Unsupported anything-but pattern")
        ((name, below),) = told.items()
        tests = [OPERATORS[name](one) for one in (below if isinstance(below, list) else [below])]
    else:
        items = told if isinstance(told, list) else [told]
        if not items or not all(isinstance(one, str | float) for one in items):
            raise _bad("Inside anything but list, only strings and numbers are supported")
        tests = [_equal(one) for one in items]
    return lambda value: not any(test(value) for test in tests)


_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": lambda value, wanted: value == wanted,
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
}


def _numeric(told: Any) -> Test:
    """One comparison, or two that are the ends of a range."""
    if not isinstance(told, list) or len(told) not in (2, 4):
        raise _bad(
            "Invalid member in numeric match: value of numeric match is one or two comparisons"
        )
    pairs: list[tuple[Callable[[float, float], bool], float]] = []
    for operator, wanted in zip(told[::2], told[1::2], strict=True):
        compare = _COMPARISONS.get(operator) if isinstance(operator, str) else None
        if compare is None:
            raise _bad("Unrecognized numeric range operator")
        if not isinstance(wanted, float):
            raise _bad("Value of a numeric match must be numeric")
        pairs.append((compare, wanted))
    if len(pairs) == 2 and {told[0][0], told[2][0]} != {"<", ">"}:
        raise _bad("Too many elements in numeric expression: a range has two different ends")
    return lambda value: (
        isinstance(value, float) and all(compare(value, wanted) for compare, wanted in pairs)
    )


OPERATORS: Final[Mapping[str, Callable[[Any], Test]]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "cidr": _cidr,
    "anything-but": _anything_but,
    "numeric": _numeric,
}
OPPOSITES: Final = ("prefix", "suffix", "equals-ignore-case", "wildcard")


def _bad(text: str) -> Refused:
    return invalid("FilterPolicy", text)
