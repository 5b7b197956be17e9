"""What a file says exists from the start: its sections as kernel commands, and their execution. Cold.

Made if it is missing, left as it is if it is there: a file never changes what clients have made, but for aliases.

    [namespace.NS.stream.NAME]     the kernel's StreamSettings, kept for a week; `alias`: what it is called, by protocol
    [namespace.NS.queue.NAME]      its SubscriptionSettings; `stream` holds those of the queue's stream
    [namespace.NS.schema.NAME]     the first version of the subject NAME: `kind` (avro, json, protobuf) and `text`
    [namespace.NS.rule.NAME]       its RuleSettings
    [namespace.NS.subscription.NAME]  its SubscriptionSettings, with `of`, the stream that it reads
    [namespace.NS.route.NAME]      its RouteSettings
    [namespace.NS.binding.NAME]    its BindingSettings, with `route`, `target` and `to_route`; NAME is only a label
    [namespace.NS.pump.NAME]       its PumpSettings, with `source` and, to consume instead of reading, `subscription`
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

import msgspec

from dragoman.app.problems import Problems
from dragoman.kernel import commands as c
from dragoman.kernel.aliases import SetAlias
from dragoman.kernel.leases.commands import CreateSubscription
from dragoman.kernel.pumps import CreatePump
from dragoman.kernel.rules.commands import PutRule
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.kernel.schemas import RegisterSchema
from dragoman.kernel.settings import (
    BindingSettings,
    PumpSettings,
    RouteSettings,
    StreamSettings,
    SubscriptionSettings,
)
from dragoman.model.errors import AlreadyExists, KernelError, VersionDiffers
from dragoman.model.levels import LEVELS
from dragoman.model.names import RULES
from dragoman.ports.schemas import SchemaKind

MADE: Final[Mapping[str, type]] = {
    "stream": c.CreateStream,
    "queue": c.DeclareQueue,
    "route": c.DeclareRoute,
    "pump": CreatePump,
    "rule": PutRule,
}
NOT_OFFERED: Final = frozenset(
    {"notes", "exclusive", "aliases", "group", "laned", "message_schema"}
)  # a door's own; a session's own; given as `alias`; share groups' own; the kernel's own; a door's own
ALIASED: Final = ("stream", "queue")
NO_SESSION: Final = 0
NO_VERSION: Final = 0
FIRST_REVISION: Final = "1"
WEEK_MS: Final = 7 * 24 * 3_600_000

S = TypeVar("S", bound=msgspec.Struct)


class Asks(Protocol):
    """A kernel, as far as declaring needs it."""

    def submit(self, command: Any, session: int) -> Any: ...


def offered(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Options of a settings struct that a file may give."""
    return tuple(name for name in kind.__struct_fields__ if name not in NOT_OFFERED)


def declare(kernel: Asks, commands: Iterable[Any]) -> list[str]:
    """Make what is missing; a line for each thing that could not be."""
    problems = []
    for command in commands:
        try:
            kernel.submit(command, NO_SESSION)
        except KernelError as error:
            if isinstance(error, AlreadyExists) and isinstance(
                command, CreatePump | RegisterSchema
            ):
                continue  # as an earlier start or a client made it
            if isinstance(error, VersionDiffers) and isinstance(command, PutRule):
                continue  # likewise
            problems.append(f"{_label(command)}: {str(error) or error.code}")
    return problems


def rehearse(commands: Iterable[Any], eventgrid: Iterable[Any] = ()) -> list[str]:
    """What would be refused, tried on an empty kernel in memory; `eventgrid` are resources of `app.eventgrid`."""
    from dragoman.app.loop import SystemClock, SystemEntropy  # noqa: PLC0415 - a broker that starts has its kernel
    from dragoman.app.plugins import load as load_plugins  # noqa: PLC0415
    from dragoman.formats.schemas.languages import Languages  # noqa: PLC0415
    from dragoman.formats.translator import FormatTranslator  # noqa: PLC0415
    from dragoman.kernel.kernel import Kernel  # noqa: PLC0415
    from dragoman.kernel.routing import Routing  # noqa: PLC0415

    kernel = Kernel(FormatTranslator(), Routing(), lambda _: 0, SystemEntropy().token)
    kernel.state.languages = Languages()
    kernel.state.rules.plugins.load = lambda: load_plugins(SystemClock())
    kernel.begin(1)
    problems = declare(kernel, commands)
    if eventgrid:
        from dragoman.app.eventgrid import LOCAL  # noqa: PLC0415 - loads a door
        from dragoman.app.eventgrid import declare as declare_eventgrid  # noqa: PLC0415

        problems += declare_eventgrid(kernel, eventgrid, LOCAL)
    return problems


def _label(command: Any) -> str:
    if isinstance(command, SetAlias):
        return f"alias of {command.name} in {command.namespace}, {command.protocol}"
    if isinstance(command, c.Bind):
        return f"binding of {command.route} to {command.target} in {command.namespace}"
    if isinstance(command, CreateSubscription):
        return f"subscription {command.subscription} of {command.name} in {command.namespace}"
    if isinstance(command, RegisterSchema):
        return f"namespace.{command.namespace}.schema.{command.subject}"
    kind = next(kind for kind, made in MADE.items() if isinstance(command, made))
    return f"namespace.{command.namespace}.{kind}.{command.name}"


def commands_of(namespaces: Any, problems: Problems) -> tuple[Any, ...]:
    """Commands in an order in which each finds what it needs."""
    commands: list[Any] = []
    for namespace, value in problems.table(namespaces, "namespace").items():
        where = f"namespace.{namespace}"
        kinds = problems.table(value, where)
        problems.unknown(kinds, KINDS, where)
        ruled: list[Any] = []  # queues that have rules, which come first
        for kind in KINDS:
            if kind == "subscription":
                commands += ruled
            for name, table in problems.table(kinds.get(kind, {}), f"{where}.{kind}").items():
                place = f"{where}.{kind}.{name}"
                options = dict(problems.table(table, place))
                aliases = (
                    _aliases(namespace, name, options, place, problems) if kind in ALIASED else []
                )
                command = KINDS[kind](namespace, name, options, place, problems)
                if command is not None:
                    waits = isinstance(command, c.DeclareQueue) and command.settings.rules
                    (ruled if waits else commands).extend([command, *aliases])
    return tuple(commands)


def _aliases(
    ns: str, name: str, table: dict[str, Any], where: str, problems: Problems
) -> list[SetAlias]:
    """What the thing is to be called, taken out of its table."""
    place = f"{where}.alias"
    wanted = problems.table(table.pop("alias", {}), place)
    problems.unknown(wanted, RULES, place)
    for protocol, alias in wanted.items():
        if not isinstance(alias, str) or (protocol in RULES and not RULES[protocol].allows(alias)):
            problems.add(place, f"{alias!r} is no name in {protocol}")
    return [
        SetAlias(namespace=ns, name=name, protocol=protocol, alias=alias)
        for protocol, alias in wanted.items()
    ]


def _settings(table: Mapping[str, Any], kind: type[S], where: str, problems: Problems) -> S | None:
    if problems.unknown(table, offered(kind), where):
        return None
    if issubclass(kind, StreamSettings) and "level" in table:
        level = LEVELS.get(table["level"]) if isinstance(table["level"], str) else None
        if level is None:
            problems.add(where, f"level: expected one of {', '.join(LEVELS)}")
            return None
        table = {**table, "level": level}
    return problems.struct(table, kind, where)


class StreamSection(StreamSettings, frozen=True, kw_only=True):
    """A stream of its own: unlike a queue's it is kept for readers that come later, as long as Kafka keeps a topic."""

    retention_ms: int = WEEK_MS


def _stream(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    section = _settings(table, StreamSection, where, problems)
    if section is None:
        return None
    settings = StreamSettings(
        **{field: getattr(section, field) for field in StreamSettings.__struct_fields__}
    )
    return c.CreateStream(namespace=ns, name=name, settings=settings, attach=True)


def _queue(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    own = {option: value for option, value in table.items() if option != "stream"}
    place = f"{where}.stream"
    below = problems.table(table.get("stream", {}), place)
    if problems.unknown(own, (*offered(SubscriptionSettings), "stream"), where):
        return None
    settings = _settings(own, SubscriptionSettings, where, problems)
    stream = _settings(below, StreamSettings, place, problems)
    if settings is None or stream is None:
        return None
    return c.DeclareQueue(namespace=ns, name=name, settings=settings, stream=stream)


def _route(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    settings = _settings(table, RouteSettings, where, problems)
    return None if settings is None else c.DeclareRoute(namespace=ns, name=name, settings=settings)


class SubscriptionSection(SubscriptionSettings, frozen=True, kw_only=True):
    """A leased subscription beside the other readers of a stream."""

    of: str


def _subscription(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    section = _settings(table, SubscriptionSection, where, problems)
    if section is None:
        return None
    settings = SubscriptionSettings(
        **{field: getattr(section, field) for field in SubscriptionSettings.__struct_fields__}
    )
    return CreateSubscription(namespace=ns, name=section.of, subscription=name, settings=settings)


class BindingSection(BindingSettings, frozen=True, kw_only=True):
    """A binding with its two ends."""

    route: str
    target: str
    to_route: bool = False


def _binding(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    section = problems.struct(table, BindingSection, where)
    if section is None:
        return None
    binding = BindingSettings(
        key=section.key,
        arguments=section.arguments,
        filter=section.filter,
        headers_set=section.headers_set,
        dialect=section.dialect,
        rules=section.rules,
    )
    return c.Bind(
        namespace=ns,
        route=section.route,
        target=section.target,
        to_route=section.to_route,
        binding=binding,
    )


class PumpSection(PumpSettings, frozen=True, kw_only=True):
    """A pump with its beginning."""

    source: str
    subscription: str = ""


def _pump(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    section = problems.struct(table, PumpSection, where)
    if section is None:
        return None
    settings = PumpSettings(
        **{field: getattr(section, field) for field in PumpSettings.__struct_fields__}
    )
    return CreatePump(
        namespace=ns,
        name=name,
        source=section.source,
        subscription=section.subscription,
        settings=settings,
    )


def _rule(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    settings = problems.struct(table, RuleSettings, where)
    if settings is None:
        return None
    return PutRule(namespace=ns, name=name, settings=settings, expected=NO_VERSION)


class SchemaSection(msgspec.Struct, frozen=True, kw_only=True):
    """The first version of a subject."""

    kind: SchemaKind
    text: str


def _schema(ns: str, name: str, table: dict[str, Any], where: str, problems: Problems) -> Any:
    section = problems.struct(table, SchemaSection, where)
    if section is None:
        return None
    return RegisterSchema(
        namespace=ns,
        subject=name,
        kind=section.kind,
        text=section.text,
        revision=FIRST_REVISION,
        is_new=True,
    )


Maker = Callable[[str, str, dict[str, Any], str, Problems], Any]
KINDS: Final[Mapping[str, Maker]] = {
    "stream": _stream,
    "queue": _queue,
    "schema": _schema,
    "rule": _rule,
    "subscription": _subscription,
    "route": _route,
    "binding": _binding,
    "pump": _pump,
}
