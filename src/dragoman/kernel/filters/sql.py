"""Front end: the SQL of Service Bus's rules, conditions and actions: see `parser` for what it shares with others.

    EXISTS(p)
    name, user.name, [any name], "any name", property('any name')
    sys.Name                                           one of SYSTEM, in any case
    @name                                              a constant that comes beside the text

    SET name = x; SET sys.Name = x; REMOVE name        actions: commas and semicolons between them may be left out
    newid()                                            a new UUID; all there is to the right of a SET

Words of the language count in any case; names of properties and texts as they are. Not offered, and said so: NULL but
for IS NULL and SET x = NULL, newid() in conditions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dragoman.kernel.filters.nodes import Attribute, Exists, Header, Literal, Operand, Predicate
from dragoman.kernel.filters.parser import Parser, Property, operand_in, property_in
from dragoman.model.errors import InvalidArgument

CHARS_MAX: Final = 1_024
STATEMENTS_MAX: Final = 32
"""As the service has it."""
SYSTEM: Final[Mapping[str, str]] = {
    "messageid": "id",
    "correlationid": "correlation",
    "label": "type",
    "subject": "type",
    "to": "to",
    "replyto": "reply_to",
    "sessionid": "group",
    "replytosessionid": "reply_group",
    "contenttype": "content_type",
    "partitionkey": "key",
    "enqueuedtimeutc": "stored_at",
    "sequencenumber": "sequence",
    "deliverycount": "deliveries",
    "timetolive": "ttl",
}
"""System properties, in lower case, and the attributes they are; the last four are `arrival`'s."""
FIXED: Final[Mapping[str, str]] = {
    "key": "PartitionKey",
    "stored_at": "EnqueuedTimeUtc",
    "sequence": "SequenceNumber",
    "deliveries": "DeliveryCount",
    "ttl": "TimeToLive",
}
"""Attributes that no action sets: a message lies where its key has put it, and the rest is what its stream says."""
KEPT: Final = frozenset({"id"})
"""Attributes that no action takes away: clients cannot settle a message without an id."""


class NewId:
    """A new UUID for each message."""


NEW_ID: Final = NewId()


@dataclass(frozen=True, slots=True)
class Statement:
    """Of an action: the property is set to what an operand comes to, to a new id, or, with None, taken away."""

    target: Property
    value: Operand | NewId | None


def sql_filter(text: str, parameters: Mapping[str, Any] | None = None) -> Predicate:
    """The predicate of an expression. Raises InvalidArgument."""
    return _parser(text, parameters).condition()


def sql_action(text: str, parameters: Mapping[str, Any] | None = None) -> tuple[Statement, ...]:
    """What an action does, one after the other. Raises InvalidArgument."""
    parser = _parser(text, parameters)
    found: list[Statement] = []
    while parser.kind() != "end":
        found.append(parser.statement())
        parser.takes(";")
        parser.takes(",")
    if len(found) > STATEMENTS_MAX:
        raise InvalidArgument(f"an action has at most {STATEMENTS_MAX} statements")
    return tuple(found)


def _parser(text: str, parameters: Mapping[str, Any] | None) -> "_Parser":
    if not text.strip():
        raise InvalidArgument("an expression is text")
    if len(text) > CHARS_MAX:
        raise InvalidArgument(f"an expression has at most {CHARS_MAX} characters")
    return _Parser(text, parameters or {})


class _Parser(Parser):
    """Names of parameters count in any case, with the @ or without."""

    def __init__(self, text: str, parameters: Mapping[str, Any]) -> None:
        super().__init__(text)
        self._parameters = {name.lstrip("@").lower(): value for name, value in parameters.items()}

    def statement(self) -> Statement:
        """SET or REMOVE. Raises InvalidArgument."""
        word = self.takes("SET", "REMOVE")
        if not word:
            raise self.wrong("SET or REMOVE")
        target = property_in(self.primary(), word)
        if isinstance(target, Attribute) and target.name in FIXED:
            raise InvalidArgument(f"sys.{FIXED[target.name]} stays as it is")
        if word == "SET":
            self.expect("=")
            value = self._assigned()
        else:
            value = None
        if value is None and isinstance(target, Attribute) and target.name in KEPT:
            raise InvalidArgument("every message has a sys.MessageId")
        return Statement(target, value)

    def _assigned(self) -> Operand | NewId | None:
        if self.takes("NULL"):
            return None
        if self.takes("NEWID"):
            self.expect("(")
            self.expect(")")
            return NEW_ID
        return operand_in(self.sum())

    def parameter(self, said: str) -> Operand:
        """See `Parser`."""
        name = said.lstrip("@").lower()
        if name not in self._parameters:
            return super().parameter(said)
        return Literal(self._parameters[name])

    def called(self, name: str) -> Predicate | Operand:
        """See `Parser`."""
        if name.upper() == "EXISTS":
            return Exists(property_in(self.primary(), "EXISTS"))
        if name.upper() in {"PROPERTY", "P"}:
            return Header(self.text("a property's name"))
        if name.upper() == "NEWID":
            raise InvalidArgument("newid() is another for each message: in actions, to be SET")
        return super().called(name)

    def property(self, kind: str, said: str) -> Property:
        """See `Parser`."""
        if kind == "name" or not self.takes("."):
            return Header(said)
        if self.kind() not in {"name", "word"}:
            raise self.wrong("a property's name")
        name = self.next()[1]
        if said.lower() == "user":
            return Header(name)
        if said.lower() != "sys":
            raise InvalidArgument(f"{said}. is neither sys. nor user.")
        if name.lower() not in SYSTEM:
            raise InvalidArgument(f"sys.{name} is no property to filter by")
        return Attribute(SYSTEM[name.lower()])
