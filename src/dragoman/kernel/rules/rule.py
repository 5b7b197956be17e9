"""A rule, ready to run: a message goes in, and comes out as it was, changed, or bad.

    when -> schema -> decode -> check -> set, headers -> plugin

Where several rules follow each other, each sees what those before it have made of the message.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from dragoman.kernel.filters.dialects import filter_in
from dragoman.kernel.rules.fault import BadMessage, Fault
from dragoman.kernel.rules.schema import Schema
from dragoman.kernel.rules.settings import INVALID_HEADER, RuleSettings
from dragoman.kernel.rules.transform import JSON_TYPE, Transform
from dragoman.model.errors import InvalidArgument
from dragoman.model.levels import CANONICAL
from dragoman.ports.translator import Change, FieldSource

if TYPE_CHECKING:
    from dragoman.kernel.filters.compiler import CompiledFilter
    from dragoman.kernel.state import State

KEYS: Final = frozenset({"group", "key"})  # what orders a message
CHECK_CHARS_MAX: Final = 200  # of a check that is told to whoever broke it


class Parcel:
    """A message on its way through rules. -1 and empty where no rule has said anything."""

    __slots__ = (
        "body",
        "deliver_in_ms",
        "expires_in_ms",
        "format",
        "is_changed",
        "is_rekeyed",
        "priority",
        "source",
        "target",
    )

    def __init__(self, format_: int, body: bytes, source: FieldSource) -> None:
        self.format = format_
        self.body = body
        self.source = source
        self.is_changed = False
        self.is_rekeyed = False
        self.expires_in_ms = -1
        self.deliver_in_ms = -1
        self.priority = -1
        self.target = ""

    def change(self, state: "State", change: Change) -> None:
        """Raises InvalidArgument."""
        self.format, self.body = state.translator.changed(
            self.format, self.body, change, self.source
        )
        self.is_rekeyed = self.is_rekeyed or not KEYS.isdisjoint(change.fields)
        priority = change.fields.get("priority")
        if isinstance(priority, int):
            self.priority = priority
        self._is_new(state)

    def change_headers(self, state: "State", headers: tuple[tuple[str, str], ...]) -> None:
        """Raises InvalidArgument."""
        self.format, self.body = state.translator.with_headers(self.format, self.body, headers)
        self._is_new(state)

    def replace(self, state: "State", raw: bytes) -> None:
        """It is another message: an envelope."""
        self.format, self.body, self.is_rekeyed = CANONICAL, raw, True
        self._is_new(state)

    def mark(self, state: "State", text: str) -> None:
        """Say on it what is wrong with it. Raises InvalidArgument."""
        said = text.encode("ascii", "replace").decode()
        self.change_headers(state, ((INVALID_HEADER, said),))

    def _is_new(self, state: "State") -> None:
        self.source = state.translator.fields(self.format, self.body, 0)
        self.is_changed = True


class Counts:
    """What a rule has done since the process began; `fault` is the last it found."""

    __slots__ = ("bad", "changed", "fault", "seen")

    def __init__(self) -> None:
        self.seen = 0
        self.changed = 0
        self.bad = 0
        self.fault = ""


class Rule:
    """One rule. `version` counts its changes. One in `trouble` (its plugin is gone, or a newer broker wrote it) finds
    every message bad.
    """

    __slots__ = (
        "_check",
        "_plugin",
        "_schema",
        "_transform",
        "_when",
        "counts",
        "is_native",
        "name",
        "namespace",
        "settings",
        "trouble",
        "version",
    )

    def __init__(
        self,
        namespace: str,
        name: str,
        version: int,
        settings: RuleSettings,
        plugins: "Plugins",
    ) -> None:
        """Raises InvalidArgument."""
        self.namespace = namespace
        self.name = name
        self.version = version
        self.settings = settings
        self._when = _condition("when", settings.when)
        self._check = _condition("check", settings.check)
        self._schema = Schema(namespace, settings)
        self._transform = Transform(settings)
        self._plugin = plugins.find(settings.plugin) if settings.plugin else None
        self.counts = Counts()
        self.trouble = ""
        self.is_native = False  # what a stream says itself, not a rule that somebody put

    @property
    def changes(self) -> bool:
        """Whether messages may come out of it changed, though they are good."""
        settings = self.settings
        return bool(settings.decode or settings.plugin) or not self._transform.is_empty

    def apply(self, state: "State", parcel: Parcel) -> Fault | None:
        """What is wrong; else the parcel is as the rule has it."""
        try:
            if self._when is not None and not self._when.matches(parcel.source):
                return None
            self.counts.seen += 1
            self._run(state, parcel)
        except BadMessage as error:
            return self.fault_of(error)
        except InvalidArgument as error:
            return self.fault_of(BadMessage("", f"cannot be read: {error}"))
        return None

    def _run(self, state: "State", parcel: Parcel) -> None:
        settings = self.settings
        if self.trouble:
            raise BadMessage("", f"the rule cannot run: {self.trouble}")
        if settings.schema:
            self._schema.check(state, parcel.source)
        if settings.decode:
            self._decode(state, parcel)
        if self._check is not None and not self._check.matches(parcel.source):
            raise BadMessage("", f"it is not so that {settings.check[:CHECK_CHARS_MAX]}")
        if not self._transform.is_empty:
            outcome = self._transform.run(parcel.source)
            parcel.change(state, outcome.change)
            self.counts.changed += 1
            parcel.target = outcome.target or parcel.target
            if outcome.expires_in_ms >= 0:
                parcel.expires_in_ms = outcome.expires_in_ms
            if outcome.deliver_in_ms >= 0:
                parcel.deliver_in_ms = outcome.deliver_in_ms
        if self._plugin is not None:
            raw = self._plugin(parcel.format, parcel.body)
            if raw is not None:
                parcel.replace(state, raw)
                self.counts.changed += 1

    def _decode(self, state: "State", parcel: Parcel) -> None:
        body = parcel.source.attribute("body")
        if body is None:
            return
        assert isinstance(body, bytes)
        change = Change()
        change.has_body = True
        change.body = self._schema.json_of(state, body)
        change.fields["content_type"] = JSON_TYPE
        parcel.change(state, change)
        self.counts.changed += 1

    def fault_of(self, error: BadMessage) -> Fault:
        """What it says of a bad message."""
        settings = self.settings
        fault = Fault(self.name, settings.bad, settings.dead_letter, error)
        self.counts.bad += 1
        self.counts.fault = fault.text
        return fault


Plugin = Callable[[int, bytes], bytes | None]
"""Told a format and a body: another message's envelope, None for the same. Raises BadMessage, InvalidArgument."""


class Plugins:
    """Transforms in Python that rules may name; `load`, if there is one, finds them when the first is asked for."""

    def __init__(self) -> None:
        self.by_name: dict[str, Plugin] = {}
        self.load: Callable[[], Mapping[str, Plugin]] | None = None

    def find(self, name: str) -> Plugin:
        """Raises InvalidArgument."""
        if self.load is not None:
            self.by_name.update(self.load())
            self.load = None
        found = self.by_name.get(name)
        if found is None:
            raise InvalidArgument(f"no plugin is called {name}: see docs/rules.md")
        return found


def run(state: "State", rules: Sequence[Rule], parcel: Parcel) -> Fault | None:
    """Through all of them; what is bad and passes is marked, and goes on."""
    for rule in rules:
        fault = rule.apply(state, parcel)
        if fault is None:
            continue
        if fault.bad != "pass":
            return fault
        try:
            parcel.mark(state, fault.text)
        except InvalidArgument:
            return fault  # bytes that nobody can read, and no header can be put on
    return None


def _condition(name: str, text: str) -> "CompiledFilter | None":
    if not text:
        return None
    try:
        return filter_in("cel", {"expression": text})
    except InvalidArgument as error:
        raise InvalidArgument(f"{name}: {error}") from None
