"""A configuration file of ElasticMQ (`--like elasticmq --config FILE.conf`): its queues, and where it listens. Cold.

    queues { NAME { defaultVisibilityTimeout, delay, receiveMessageWait, fifo, contentBasedDeduplication, tags,
                    deadLettersQueue { name, maxReceiveCount }, copyTo, moveTo } }
    rest-sqs { bind-port, bind-hostname }

Sections about its own storage, statistics and logging are read over. All problems are told at once, a line each.
"""

import re
from pathlib import Path
from typing import Any, Final

import msgspec

from dragoman.app import hocon
from dragoman.app.config import PROTOCOLS, ConfigError, ServeOptions, set_port
from dragoman.app.problems import Problems
from dragoman.doors.sqs import attributes as attr
from dragoman.doors.sqs.errors import Refused
from dragoman.doors.sqs.names import ACCOUNT, FIFO, Place, check_name
from dragoman.doors.sqs.queues import new_settings, new_stream
from dragoman.doors.sqs.tags import note_tags
from dragoman.kernel.commands import DeclareQueue
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.settings import Address, PumpSettings

PORT: Final = 9324
QUEUE: Final = {
    "defaultVisibilityTimeout": "VisibilityTimeout",
    "delay": "DelaySeconds",
    "receiveMessageWait": "ReceiveMessageWaitTimeSeconds",
}
SWITCHES: Final = ("fifo", "contentBasedDeduplication")
OTHERS: Final = ("deadLettersQueue", "copyTo", "moveTo", "tags")
SECTIONS: Final = (
    "queues", "rest-sqs", "node-address", "generate-node-address", "aws", "rest-stats", "queues-storage",
    "messages-storage", "pekko", "akka", "health-check", "storage",
)  # fmt: skip
_DURATION: Final = re.compile(
    r"([0-9]{1,9}) ?(ms|millis(?:econds?)?|s|seconds?|m|minutes?|h|hours?|d|days?)?"
)
_UNITS_MS: Final = {"m": 60_000, "s": 1_000, "h": 3_600_000, "d": 86_400_000}


def load(path: str) -> ServeOptions:
    """Options from a file. Raises ConfigError."""
    try:
        document = hocon.read(Path(path).read_text())
    except (OSError, UnicodeDecodeError, hocon.HoconError) as error:
        raise ConfigError([f"{path}: {error}"]) from error
    return read(document)


def read(document: dict[str, Any]) -> ServeOptions:
    """Options from a file's object. Raises ConfigError."""
    problems = Problems()
    problems.unknown(document, SECTIONS, "file")
    options = ServeOptions(like="elasticmq")
    _listen(options, problems.table(document.get("rest-sqs", {}), "rest-sqs"), problems)
    aws = problems.table(document.get("aws", {}), "aws")
    if str(aws.get("accountId", ACCOUNT)) != ACCOUNT:
        problems.add(
            "aws",
            f"accountId: only {ACCOUNT}; callers choose another by an access key of twelve digits",
        )
    queues = problems.table(document.get("queues", {}), "queues")
    made: list[Any] = []
    for name, value in queues.items():
        made += _queue(name, problems.table(value, f"queues.{name}"), queues, problems)
    # dead-letter queues and targets first: those that name them come behind
    options.topology = tuple(sorted(made, key=lambda one: isinstance(one, CreatePump)))
    if problems.lines:
        raise ConfigError(problems.lines)
    return options


def _listen(options: ServeOptions, section: dict[str, Any], problems: Problems) -> None:
    options.ports = dict(PROTOCOLS)
    problems.attempt("rest-sqs", set_port, options, "sqs", int(section.get("bind-port", PORT)))
    options.host = str(section.get("bind-hostname", options.host))


def _queue(
    name: str, table: dict[str, Any], queues: dict[str, Any], problems: Problems
) -> list[Any]:
    """What makes a queue, and the pumps behind it."""
    where = f"queues.{name}"
    problems.unknown(table, [*QUEUE, *SWITCHES, *OTHERS], where)
    is_fifo = table.get("fifo") is True
    if is_fifo and not name.endswith(FIFO):
        name += FIFO
    given = {QUEUE[key]: _seconds(table[key], where, problems) for key in QUEUE if key in table}
    if is_fifo:
        given["FifoQueue"] = "true"
        given["ContentBasedDeduplication"] = str(
            table.get("contentBasedDeduplication") is True
        ).lower()
    try:
        place = Place(ACCOUNT, check_name(name))
        settings = attr.altered(
            new_settings(place, "fair"), attr.checked(given, is_fifo=is_fifo), 0
        )
        settings = note_tags(settings, {k: str(v) for k, v in table.get("tags", {}).items()})
    except Refused as refused:
        problems.add(where, str(refused))
        return []
    dead = problems.table(table.get("deadLettersQueue", {}), f"{where}.deadLettersQueue")
    if dead:
        settings = _with_dead_letters(settings, dead, queues, where, problems)
    commands: list[Any] = [
        DeclareQueue(
            name=name,
            settings=settings,
            stream=new_stream(place, attr.checked({}, is_fifo=is_fifo)),
        )
    ]
    for kind, subscription in (("copyTo", ""), ("moveTo", name)):
        if kind in table:
            commands.append(_pump(name, str(table[kind]), kind, subscription))
    return commands


def _seconds(value: Any, where: str, problems: Problems) -> str:
    """A duration as whole seconds."""
    found = _DURATION.fullmatch(str(value))
    if found is None:
        problems.add(where, f"{value!r} is no duration")
        return "0"
    unit = found[2] or "ms"
    unit_ms = 1 if unit.startswith(("ms", "mil")) else _UNITS_MS[unit[0]]
    return str(int(found[1]) * unit_ms // 1000)


def _with_dead_letters(
    settings: Any, dead: dict[str, Any], queues: dict[str, Any], where: str, problems: Problems
) -> Any:
    target, count = str(dead.get("name", "")), dead.get("maxReceiveCount")
    if queues.get(target, {}).get("fifo") is True and not target.endswith(FIFO):
        target += FIFO
    if target.removesuffix(FIFO) not in queues and target not in queues:
        problems.add(where, f"deadLettersQueue: there is no queue {target!r}")
    if type(count) is not int or not 0 < count <= 1_000:
        problems.add(where, "deadLettersQueue: maxReceiveCount is 1 to 1000")
        return settings
    return msgspec.structs.replace(settings, dead_letter=Address(target), attempts_max=count)


def _pump(source: str, target: str, kind: str, subscription: str) -> CreatePump:
    name = f"elasticmq.{kind}.{source}"
    settings = PumpSettings(targets=(Address(target),))
    return CreatePump(name=name, source=source, subscription=subscription, settings=settings)
