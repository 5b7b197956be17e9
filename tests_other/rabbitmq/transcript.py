"""What a broker sent, as lines that can be compared: one lane per channel and kind.

Replies, confirms with returns, and the deliveries of each consumer are lanes of their own: RabbitMQ promises an order
within each, and none between them. Confirms of many are opened: each publish has its own line, by number.

MASKED is the whole list of what is not compared.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from tests_other.rabbitmq.script import spelled

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import AckRun, Content, MethodEvent
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.methods import (
    BasicAck,
    BasicDeliver,
    BasicGetOk,
    BasicNack,
    ConnectionStart,
)
from dragoman.wire.amqp091.properties import Properties

MASKED: Final = (
    (
        "queue and consumer names that the broker makes up",
        r"amq\.(gen|ctag)-[\w-]{22}",
        r"amq.\1-*",
    ),
    (
        "names of direct reply queues",
        r"amq\.rabbitmq\.reply-to\.[\w.=+/-]+",
        "amq.rabbitmq.reply-to.*",
    ),
    ("a mechanism that RabbitMQ offers once it is set up", r" AMQPLAIN EXTERNAL ", " AMQPLAIN "),
    ("when a message died", r"\btime=T:\d+", "time=T:*"),
    ("where RabbitMQ breaks long reply texts into lines", r",\n +", ","),
    ("headers that RabbitMQ sends since 3.13", r", x-last-death-\w+=S:[^,}]*", ""),
)
"""(what, pattern, put instead). Besides: the values of connection.start's server-properties but capabilities."""

_PATTERNS: Final = tuple((re.compile(pattern), instead) for _, pattern, instead in MASKED)
Lanes = dict[str, list[str]]


class Heard(NamedTuple):
    """One event of the codec, or a word of the player's own."""

    connection: str
    event: Any


def lanes_of(heard: list[Heard]) -> Lanes:
    """Lines by lane, masked."""
    lanes: Lanes = defaultdict(list)
    confirmed: dict[str, int] = defaultdict(int)
    for connection, event in heard:
        for lane, line in _lines(connection, event, confirmed):
            lanes[lane].append(masked(line))
    for lane in lanes:
        if lane.endswith("publishes"):
            lanes[lane] = _in_order(lanes[lane])
    return dict(lanes)


def _in_order(lines: list[str]) -> list[str]:
    """Confirms by number between one return and the next: RabbitMQ sends them as they become true."""
    found: list[str] = []
    run: list[str] = []
    for line in (*lines, ""):
        if line.startswith(("basic.ack", "basic.nack")):
            run.append(line)
        else:
            found += [*sorted(run, key=lambda confirm: int(confirm.split()[1])), line]
            run = []
    return found[:-1]


def masked(line: str) -> str:
    """The line without what is never compared."""
    for pattern, instead in _PATTERNS:
        line = pattern.sub(instead, line)
    return line


def _lines(connection: str, event: Any, confirmed: dict[str, int]) -> Iterator[tuple[str, str]]:
    if isinstance(event, str):
        yield connection, event
        return
    if isinstance(event, AmqpError):
        yield connection, f"broken: {event.reply_text}"
        return
    place = f"{connection}{event.channel}"
    if isinstance(event, AckRun):
        for first, last, multiple in event.spans:
            for tag in range(first, last + 1):
                yield from _settled(place, "ack", tag, multiple, confirmed)
    elif isinstance(event, MethodEvent) and isinstance(event.method, BasicAck | BasicNack):
        word = "nack" if isinstance(event.method, BasicNack) else "ack"
        yield from _settled(
            place, word, event.method.delivery_tag, event.method.multiple, confirmed
        )
    elif isinstance(event, MethodEvent):
        yield f"{place} replies", method_line(event.method)
    else:
        assert isinstance(event, Content)
        yield _lane_of(place, event.method), content_line(event)


def _settled(
    place: str, word: str, tag: int, multiple: bool, confirmed: dict[str, int]
) -> Iterator[tuple[str, str]]:
    """A line per publish; `confirmed` knows below which number all are settled."""
    first = confirmed[place] + 1 if multiple else tag
    if multiple or tag == confirmed[place] + 1:
        confirmed[place] = tag
    for number in range(first, tag + 1):
        yield f"{place} publishes", f"basic.{word} {number}"


def _lane_of(place: str, method: Any) -> str:
    if isinstance(method, BasicDeliver):
        return f"{place} consumer {masked(method.consumer_tag)}"
    return f"{place} replies" if isinstance(method, BasicGetOk) else f"{place} publishes"


def method_line(method: Any) -> str:
    """The name and each field."""
    if isinstance(method, ConnectionStart):
        capabilities = method.server_properties.get("capabilities", Field("V", None))
        method = method._replace(server_properties={"capabilities": capabilities})
    fields = (
        f"{name.rstrip('_').replace('_', '-')}={shown(value)}"
        for name, value in method._asdict().items()
        if not name.startswith("reserved")
    )
    return " ".join((spelled(type(method)), *fields))


def content_line(content: Content) -> str:
    """Method, properties and body."""
    properties = Properties(content.header).as_dict()
    told = " ".join(
        f"{name.replace('_', '-')}={shown(value)}" for name, value in properties.items()
    )
    return f"{method_line(content.method)} | {told} | {content.body.decode(errors='replace')}"


def shown(value: Any) -> str:
    """A value; those of tables with their letters, sorted by name."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Field):
        return f"{value.letter}:{shown(value.value)}"
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value)}]"
    if hasattr(value, "items"):
        pairs = sorted(value.items())
        return f"{{{', '.join(f'{name}={shown(item)}' for name, item in pairs)}}}"
    return str(value)


def difference(theirs: Lanes, ours: Lanes) -> list[str]:
    """Lines that one side alone has, `-` RabbitMQ's and `+` ours; empty when they agree."""
    found: list[str] = []
    for lane in sorted({*theirs, *ours}):
        lines = difflib.ndiff(theirs.get(lane, []), ours.get(lane, []))
        found += [f"{line[0]} {lane}: {line[2:]}" for line in lines if line[0] in "-+"]
    return found
