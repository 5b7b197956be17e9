"""The rules there are. Each is a document of the kernel's own, and so in the journal and in checkpoints.

document rule   NAME -> {"version": how often it was put, "settings": see `settings`}
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.rules.rule import Plugins, Rule
from dragoman.kernel.rules.settings import RULE_KIND as RULE_KIND  # noqa: PLC0414 - with its shape
from dragoman.kernel.rules.settings import RuleSettings
from dragoman.model.errors import InvalidArgument, RuleNotFound
from dragoman.model.limits import RULES_IN_A_ROW_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dragoman.kernel.settings import StreamSchema
    from dragoman.kernel.state import State

Rules = tuple[Rule, ...]
NO_RULES: Final[Rules] = ()
ELSEWHERE: Final = ("target", "deliver_in")  # what a rule that leaves messages there cannot set


class Stored(msgspec.Struct, frozen=True):
    """As its document has it."""

    version: int
    settings: RuleSettings


_DECODER: Final = msgspec.json.Decoder(Stored)
_LENIENT: Final = msgspec.json.Decoder(dict[str, Any])


class Book:
    """Rules by (namespace, name), and by (namespace, stream) those that judge what is published there: what the stream
    says itself (its schema), then the others by name.
    """

    __slots__ = ("by_key", "on", "plugins")

    def __init__(self) -> None:
        self.by_key: dict[tuple[str, str], Rule] = {}
        self.on: dict[tuple[str, str], Rules] = {}
        self.plugins = Plugins()

    def find(self, namespace: str, name: str) -> Rule:
        """Raises RuleNotFound."""
        rule = self.by_key.get((namespace, name))
        if rule is None:
            raise RuleNotFound(name)
        return rule

    def named(self, namespace: str, names: "Sequence[str]") -> Rules:
        """Rules in this order. Raises RuleNotFound."""
        return tuple([self.find(namespace, name) for name in names])

    def of(self, namespace: str) -> list[Rule]:
        """The namespace's, by name."""
        found = [rule for (owner, _), rule in self.by_key.items() if owner == namespace]
        return sorted(found, key=lambda rule: rule.name)

    def put(self, namespace: str, name: str, body: bytes) -> None:
        """A document came. What cannot be made ready is there all the same, in trouble."""
        self._forget(namespace, name)
        rule = _rule_of(namespace, name, body, self.plugins)
        self.by_key[namespace, name] = rule
        for stream in rule.settings.on:
            self._judge(namespace, stream, rule)

    def drop(self, namespace: str, name: str) -> None:
        """A document went."""
        self._forget(namespace, name)

    def refresh(self) -> None:
        """Those in trouble may be ready now: plugins have come."""
        for rule in list(self.by_key.values()):
            if rule.trouble:
                body = encode(rule.version, rule.settings)
                self.put(rule.namespace, rule.name, body)

    def set_schema(self, namespace: str, stream: str, schema: "StreamSchema | None") -> None:
        """What the stream's messages must be as, from now on."""
        others = [each for each in self.on.get((namespace, stream), ()) if not each.is_native]
        self._set(namespace, stream, others)
        if schema is not None:
            settings = RuleSettings(
                schema=schema.subject,
                encoding=schema.encoding,
                schema_first=schema.first,
                schema_version=schema.last,
            )
            rule = Rule(schema.namespace, f"schema {schema.subject}", 0, settings, self.plugins)
            rule.is_native = True
            self._judge(namespace, stream, rule)

    def _judge(self, namespace: str, stream: str, rule: Rule) -> None:
        known = self.on.get((namespace, stream), ())
        rules = sorted([*known, rule], key=lambda each: (not each.is_native, each.name))
        self._set(namespace, stream, rules)

    def _set(self, namespace: str, stream: str, rules: "Sequence[Rule]") -> None:
        if rules:
            self.on[namespace, stream] = tuple(rules)
        else:
            self.on.pop((namespace, stream), None)

    def _forget(self, namespace: str, name: str) -> None:
        rule = self.by_key.pop((namespace, name), None)
        for stream in () if rule is None else rule.settings.on:
            left = [each for each in self.on.get((namespace, stream), ()) if each is not rule]
            self._set(namespace, stream, left)


def encode(version: int, settings: RuleSettings) -> bytes:
    """The document's body."""
    return msgspec.json.encode(Stored(version, settings))


def _rule_of(namespace: str, name: str, body: bytes, plugins: Plugins) -> Rule:
    try:
        stored = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        found = _LENIENT.decode(body)
        said = found.get("settings", {})
        on = tuple(said.get("on", ())) if isinstance(said, dict) else ()
        stored = Stored(found.get("version", 0), RuleSettings(on=on))
        return _troubled(namespace, name, stored, str(error))
    try:
        return Rule(namespace, name, stored.version, stored.settings, plugins)
    except InvalidArgument as error:
        return _troubled(namespace, name, stored, str(error))


def _troubled(namespace: str, name: str, stored: Stored, why: str) -> Rule:
    rule = Rule(namespace, name, stored.version, RuleSettings(), Plugins())
    rule.settings = stored.settings
    rule.trouble = why
    return rule


def check_named(state: "State", namespace: str, names: "Sequence[str]") -> None:
    """Whether a binding or a pump may have these rules. Raises InvalidArgument, RuleNotFound."""
    for rule in _in_a_row(state, namespace, names):
        if rule.settings.bad == "dead-letter" and not rule.settings.dead_letter:
            raise InvalidArgument(f"the rule {rule.name} does not say where its dead letters go")


def check_taken(state: "State", namespace: str, names: "Sequence[str]") -> None:
    """Whether a subscription may have these rules. Raises InvalidArgument, RuleNotFound."""
    for rule in _in_a_row(state, namespace, names):
        check_stays(rule.settings)


def check_stays(settings: RuleSettings) -> None:
    """Raises InvalidArgument where a rule sends messages elsewhere, or later."""
    for elsewhere in ELSEWHERE:
        if elsewhere in settings.set:
            raise InvalidArgument(
                f"set.{elsewhere}: a rule on a stream or a subscription leaves messages there"
            )


def _in_a_row(state: "State", namespace: str, names: "Sequence[str]") -> Rules:
    if len(names) > RULES_IN_A_ROW_MAX:
        raise InvalidArgument(f"at most {RULES_IN_A_ROW_MAX} rules follow each other")
    return state.rules.named(namespace, names)
