"""Whether a body's JSON is as a JSON Schema says. Hot where streams have rules.

`jsonschema-rs` judges, and cannot be stopped: what it would have to look at is reckoned before (`jsonprice`), and a
body that is too much is bad. Where in a large body something is wrong is not told: that takes longer than judging.
"""

from collections.abc import Callable
from typing import Any, Final

import jsonschema_rs
import msgspec

from dragoman.formats.schemas.jsondoc import MASK, JsonSchema
from dragoman.formats.schemas.jsonprice import Price, price_of
from dragoman.formats.schemas.limits import DEPTH_MAX, SchemaMismatch

NULL: Final = b"null"
TEXT_CHARS_MAX: Final = 300
CHECKS_MAX: Final = 800_000  # some 20 ms
VALUE_CHECKS: Final = 10  # what reading a value costs
TOLD_BYTES_MAX: Final = 64 << 10  # of a body of which it is told where it is wrong
SHOWN_CHARS: Final = 100


class JsonJudge:
    """A schema that judges bodies. Raises SchemaInvalid for one that never ends, or refers to what is not there."""

    __slots__ = ("_price", "_validator")

    def __init__(self, schema: JsonSchema) -> None:
        self._price: Final[Price] = price_of(schema.declared, schema.others)
        self._validator: Final[Any] = schema.validator

    def __call__(self, body: bytes, ask: Callable[[], object]) -> None:
        """Raises SchemaMismatch, with the path of the first part that is wrong."""
        value = ask()
        if value is None and body.strip() != NULL:
            raise SchemaMismatch("no JSON")
        self._check_price(body, value)
        try:
            if len(body) > TOLD_BYTES_MAX:
                if not self._validator.is_valid(value):
                    raise SchemaMismatch("not as the schema says; it is too large to say where")
                return
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            raise SchemaMismatch(*told(error, value)) from None
        except ValueError as error:  # deeper than the library goes, a number that it cannot hold
            raise SchemaMismatch(str(error)[:TEXT_CHARS_MAX]) from None

    def _check_price(self, body: bytes, value: object) -> None:
        """Raises SchemaMismatch for what would take too long."""
        values = 1 + body.count(b",") + body.count(b"{") + body.count(b"[")
        price, depth = self._price, DEPTH_MAX
        if price.grows:
            depth = depth_of(value)
        if depth > DEPTH_MAX or values * VALUE_CHECKS + price.checks(values, depth) > CHECKS_MAX:
            raise SchemaMismatch("it is more than is looked at: too many values for this schema")


def depth_of(value: object) -> int:
    """How many levels lie within it, counted to a little past DEPTH_MAX."""
    depth = 0
    level: list[Any] = [value]
    while level and depth <= DEPTH_MAX:
        level = [
            inner
            for each in level
            if each.__class__ is dict or each.__class__ is list
            for inner in (each.values() if each.__class__ is dict else each)
        ]
        depth += bool(level)
    return depth


def told(error: jsonschema_rs.ValidationError, value: object) -> tuple[str, str]:
    """What is wrong, and the path as a JSON Pointer, `body` before it."""
    for part in error.instance_path:
        value = value[part]  # type: ignore[index]
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in error.instance_path)
    path = "/".join(("body", *parts))[:TEXT_CHARS_MAX]
    return error.message.replace(MASK, shown(value), 1)[:TEXT_CHARS_MAX], path


def shown(value: object) -> str:
    """A value in short."""
    if isinstance(value, dict | list):
        return "the object" if isinstance(value, dict) else "the list"
    if isinstance(value, str) and len(value) > SHOWN_CHARS:
        value = value[:SHOWN_CHARS] + "..."
    try:
        return msgspec.json.encode(value).decode()[: 2 * SHOWN_CHARS]
    except msgspec.MsgspecError:
        return "the number"
