"""Front end: selectors of JMS (version 2.0, section 3.8.1), as clients of AMQP 1.0 send them; most is in `parser`.

    x [NOT] BETWEEN y AND z
    flag, NOT flag              a property that is a truth value is a condition
    12L, 1.5F, 2.0D             as the numbers they are
    JMSType, JMSPriority, ..    one of HEADERS, whose case counts; all other names are application-properties

What is null counts as missing. Not offered, and said so: JMSDeliveryMode, and names that JMS keeps for itself.
"""

from collections.abc import Mapping
from typing import Final

from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.nodes import (
    And,
    Attribute,
    Compare,
    CompareOp,
    Header,
    Literal,
    Operand,
    Predicate,
    Semantics,
    equals,
)
from dragoman.kernel.filters.parser import Parser, Property, operand_in
from dragoman.model.errors import InvalidArgument

CHARS_MAX: Final = 4_096
SEMANTICS: Final = Semantics(null_is_missing=True)
HEADERS: Final[Mapping[str, str]] = {
    "JMSMessageID": "id",
    "JMSCorrelationID": "correlation",
    "JMSType": "type",
    "JMSPriority": "priority",
    "JMSTimestamp": "created_at",
    "JMSXGroupID": "group",
    "JMSXUserID": "user",
}
"""What JMS calls the properties that every message may have, and the attributes these are."""
OWN: Final = "JMS"
WIDTHS: Final = frozenset({"L", "F", "D"})


def compile_selector(text: str) -> CompiledFilter:
    """A selector ready to run. Raises InvalidArgument."""
    if not text.strip():
        raise InvalidArgument("a selector is text")
    if len(text) > CHARS_MAX:
        raise InvalidArgument(f"a selector has at most {CHARS_MAX} characters")
    return compile_filter(_Parser(text).condition(), SEMANTICS)


class _Parser(Parser):
    def compared(self, left: Predicate | Operand) -> Predicate | None:
        """See `Parser`."""
        if not self.takes("BETWEEN"):
            return super().compared(left)
        field = operand_in(left)
        low = operand_in(self.sum())
        self.expect("AND")
        high = operand_in(self.sum())
        return And((Compare(CompareOp.GE, field, low), Compare(CompareOp.LE, field, high)))

    def predicate_in(self, found: Predicate | Operand) -> Predicate:
        """See `Parser`."""
        if isinstance(found, Header | Attribute):
            return equals(found, value=True)
        return super().predicate_in(found)

    def number(self, said: str) -> Literal:
        """See `Parser`."""
        width = self.takes(*WIDTHS)
        found = super().number(said)
        return Literal(float(found.value)) if width in {"F", "D"} else found

    def property(self, kind: str, said: str) -> Property:
        """See `Parser`."""
        if said in HEADERS:
            return Attribute(HEADERS[said])
        if said.startswith(OWN) and not said.startswith("JMS_"):
            raise InvalidArgument(f"{said} is no property to select by")
        return Header(said)
