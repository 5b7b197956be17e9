"""Scenarios as text: what a client sends, line by line.

    == a second queue.declare must say the same
    1 queue.declare q durable @x-max-length=5
    1 queue.declare q
    differs RabbitMQ says so otherwise
    - a1 replies: what RabbitMQ sends
    + a1 replies: what Dragoman sends

A line is a channel (`1`; `b2` is channel 2 of a second connection), a method, its first arguments by place, its bits
by name, others as name=value; `@name=value` goes to the arguments table, or to the headers of a publish. Values are
text, integers or true and false; `l:5`, `S:5`, `A:x,y` say the type by RabbitMQ's letter. Besides methods:

    1 wait 2        until two more messages, confirms, returns or closes have come on the channel
    sleep 50        milliseconds
    a lost          the connection's socket is closed
    a connect user=x password=y vhost=/ mechanism=PLAIN capabilities=none heartbeat=0
    a raw 0100      these bytes
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.methods import METHODS
from dragoman.wire.amqp091.properties import FIELDS

SCENARIOS: Final = Path(__file__).parent / "scenarios"
WORDS: Final = ("wait", "sleep", "lost", "connect", "raw")


@dataclass(frozen=True)
class Step:
    """One line. `connection` is a letter, `channel` 0 for what concerns the connection itself."""

    line: str
    connection: str
    channel: int
    word: str  # a method's name, or one of WORDS
    arguments: tuple[str, ...]


@dataclass
class Scenario:
    """`reason` says why Dragoman differs in just the lines of `difference`, on purpose."""

    title: str
    area: str
    steps: list[Step] = field(default_factory=list)
    reason: str = ""
    difference: list[str] = field(default_factory=list)


def load() -> list[Scenario]:
    """All scenarios, by file and place."""
    return [one for file in sorted(SCENARIOS.glob("*.txt")) for one in read(file)]


def read(file: Path) -> Iterator[Scenario]:
    """The scenarios of one file."""
    found: Scenario | None = None
    for line in file.read_text().splitlines():
        if line.startswith("== "):
            if found is not None:
                yield found
            found = Scenario(line[3:], file.stem)
        elif found is not None and line.startswith("differs "):
            found.reason = line.removeprefix("differs ")
        elif found is not None and line.startswith(("- ", "+ ")):
            found.difference.append(line)
        elif found is not None and line and not line.startswith("#"):
            found.steps.append(step(line))
    if found is not None:
        yield found


def step(line: str) -> Step:
    """One line of a scenario."""
    where, *rest = shlex.split(line)
    if where == "sleep":
        return Step(line, "a", 0, "sleep", tuple(rest))
    letter = where[0] if where[0].isalpha() else "a"
    number = where.lstrip(letter)
    return Step(line, letter, int(number or 0), rest[0], tuple(rest[1:]))


METHOD_OF: Final[dict[str, type[Any]]] = {}


def spelled(kind: type) -> str:
    """`BasicRecoverAsync` as `basic.recover-async`."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in kind.__name__).split()
    return f"{words[0]}.{'-'.join(words[1:])}"


METHOD_OF.update({spelled(kind): kind for kind in METHODS.values()})


@dataclass
class Told:
    """What a line says of a method."""

    fields: dict[str, Any]
    properties: dict[str, Any]
    body: bytes


def told(step: Step) -> Told:
    """Words to fields, properties and body. Raises AssertionError for words that mean nothing."""
    kind = METHOD_OF[step.word]
    table: dict[str, Field] = {}
    names = _names(kind)
    bits = {word for word, name in names.items() if isinstance(kind._field_defaults[name], bool)}
    found = Told({names[word]: False for word in bits}, {}, b"")
    places = [word for word in names if word not in bits and word != "arguments"]
    for word in step.arguments:
        name, is_named, value = word.partition("=")
        if word in bits:
            found.fields[names[word]] = True
        elif is_named and name.startswith("@"):
            table[name[1:]] = typed(value)
        elif is_named and name in names:
            found.fields[names[name]] = _as_default(kind, names[name], value)
        elif is_named and name.replace("-", "_") in FIELDS:
            found.properties[name.replace("-", "_")] = _as_property(name.replace("-", "_"), value)
        elif places:
            place = names[places.pop(0)]
            found.fields[place] = _as_default(kind, place, word)
        else:
            assert step.word == "basic.publish", f"what is {word!r} in {step.line!r}?"
            found.body = word.encode()
    if table and step.word == "basic.publish":
        found.properties["headers"] = table
    elif table:
        found.fields["arguments"] = table
    return found


def _names(kind: type[Any]) -> dict[str, str]:
    """Fields as the specification spells them, and as the method does."""
    return {
        name.replace("_", "-").rstrip("-"): name
        for name in kind.__annotations__
        if not name.startswith("reserved")
    }


def _as_default(kind: type[Any], name: str, text: str) -> Any:
    """A value of the type that the field has when it is left out."""
    default = kind._field_defaults[name]
    if isinstance(default, bytes):
        return text.encode()
    return text if isinstance(default, str) else plain(text)


def _as_property(name: str, text: str) -> Any:
    return text if FIELDS[name][1] == "shortstr" else int(text)


def plain(text: str) -> Any:
    """An integer, a truth, or the text itself."""
    if text in {"true", "false"}:
        return text == "true"
    digits = text.removeprefix("-")
    return int(text) if digits.isdigit() and digits == str(int(digits)) else text


def typed(text: str) -> Field:
    """A field of a table."""
    letter, is_typed, value = text.partition(":")
    if is_typed and len(letter) == 1:
        return _of_letter(letter, value)
    known = plain(text)
    if isinstance(known, bool):
        return Field("t", known)
    if isinstance(known, int):
        return Field("I" if -(2**31) <= known < 2**31 else "l", known)
    return Field("S", text.encode())


def _of_letter(letter: str, value: str) -> Field:
    if letter in {"S", "x"}:
        return Field(letter, value.encode())
    if letter == "A":
        return Field("A", [typed(item) for item in value.split(",") if item])
    if letter == "F":
        pairs = (item.partition("=") for item in value.split(",") if item)
        return Field("F", {name: typed(item) for name, _, item in pairs})
    if letter == "V":
        return Field("V", None)
    return Field(letter, float(value) if letter in {"f", "d"} else int(value))
