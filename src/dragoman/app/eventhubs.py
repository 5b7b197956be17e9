"""A configuration file of Event Hubs' emulator (`--eventhubs-config Config.json`) as kernel commands. Cold.

    UserConfig.NamespaceConfig[0]   Type "EventHub", Name, Entities[]; its one namespace is the default one here
    Entities[]                      Name, PartitionCount, ConsumerGroups[]
    ConsumerGroups[]                Name; `$Default` is there unsaid

What is unknown is refused by name. All problems are told at once, a line each.
"""

from collections.abc import Iterable
from typing import Any, Final

from dragoman.app.config import ConfigError
from dragoman.app.emulatorfile import load_file
from dragoman.app.loop import SystemClock
from dragoman.app.problems import Problems
from dragoman.doors.eventhubs.hubs import GROUP_CHARS_MAX, hub_settings, is_hub_name
from dragoman.kernel.commands import CreateStream

TYPE: Final = "EventHub"
PARTITIONS_MAX: Final = 2_048
OF_FILE: Final = ("UserConfig",)
OF_CONFIG: Final = ("NamespaceConfig", "LoggingConfig")
OF_NAMESPACE: Final = ("Type", "Name", "Entities")
OF_HUB: Final = ("Name", "PartitionCount", "ConsumerGroups")


def load(path: str) -> tuple[Any, ...]:
    """Commands from a file. Raises ConfigError."""
    return load_file(path, lambda document: read(document, SystemClock().wall_ms()))


def read(document: Any, now_ms: int) -> tuple[Any, ...]:
    """Commands that make the hubs. Raises ConfigError."""
    problems = Problems()
    file = _table(document, OF_FILE, "file", problems)
    config = _table(file.get("UserConfig"), OF_CONFIG, "UserConfig", problems)
    namespaces = _items(config.get("NamespaceConfig"), "NamespaceConfig", problems)
    if len(namespaces) > 1:
        problems.add("NamespaceConfig", "only one")
    commands: dict[str, CreateStream] = {}
    for item in namespaces[:1]:
        namespace = _table(item, OF_NAMESPACE, "NamespaceConfig", problems)
        if namespace.get("Type") != TYPE:
            problems.add("NamespaceConfig", f"Type: expected {TYPE}")
        for hub in _items(namespace.get("Entities"), "Entities", problems):
            command = _hub(_table(hub, OF_HUB, "Entities", problems), now_ms, problems)
            if command is not None and command.name in commands:
                problems.add("Entities", f"two hubs are called {command.name}")
            elif command is not None:
                commands[command.name] = command
    if problems.lines:
        raise ConfigError(problems.lines)
    return tuple(commands.values())


def _hub(said: dict[str, Any], now_ms: int, problems: Problems) -> CreateStream | None:
    name = said.get("Name")
    if not isinstance(name, str) or not is_hub_name(name):
        problems.add("Entities", f"Name: {name!r} is no name of an event hub")
        return None
    where = f"Entities.{name}"
    count = said.get("PartitionCount", 1)
    if isinstance(count, str) and count.isdecimal() and len(count) < 6:
        count = int(count)  # as the emulator's own samples have it
    if type(count) is not int or not 1 <= count <= PARTITIONS_MAX:
        problems.add(where, f"PartitionCount: {count!r} is not from 1 to {PARTITIONS_MAX}")
        return None
    groups = tuple(_groups(said.get("ConsumerGroups"), where, problems))
    settings = hub_settings(now_ms, count, groups)
    return CreateStream(name=name, settings=settings, attach=True)


def _groups(said: Any, where: str, problems: Problems) -> Iterable[str]:
    for item in _items(said, f"{where}.ConsumerGroups", problems):
        group = _table(item, ("Name",), f"{where}.ConsumerGroups", problems).get("Name")
        if isinstance(group, str) and 0 < len(group) <= GROUP_CHARS_MAX and "\n" not in group:
            yield group
        else:
            problems.add(where, f"ConsumerGroups: {group!r} is no name of a consumer group")


def _table(value: Any, known: tuple[str, ...], where: str, problems: Problems) -> dict[str, Any]:
    table = problems.table(value, where)
    problems.unknown(table, known, where)
    return table


def _items(value: Any, where: str, problems: Problems) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, list):
        return value
    problems.add(where, "expected a list")
    return []
