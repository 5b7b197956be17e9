"""From an expression to a Python function of a message.

A value's function raises what is wrong. A condition's never does: it tells true, false, or None for what cannot be
told. Where nothing but truth matters, as at a filter's root, it is not exact: it stops at the first part of an && that
is not true, and absorbs no errors.
"""

from collections.abc import Callable
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from dragoman.kernel.filters.emit import Writer
from dragoman.kernel.filters.expressions import AllOf, Expression
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource

SOURCE_CHARS_MAX: Final = 262_144
CODES_MAX: Final = 256  # shapes of expressions whose code is kept

Evaluate = Callable[[FieldSource], Any]


def compile_expression(expression: Expression) -> Evaluate:
    """Its value of a message, no larger than `output` allows. The function raises any Exception, and OutOfBudget."""
    writer = Writer()
    found = writer.value(expression)
    return _function(writer, [f"    return bounded({found})"], guarded=False)


def compile_condition(
    expression: Expression, *, exact: bool
) -> Callable[[FieldSource], bool | None]:
    """True, false, or None where it cannot be told. Unless `exact`, false may stand for None."""
    writer = Writer()
    if not exact and isinstance(expression, AllOf):
        for part in expression.parts:
            writer.write(f"if not {writer.condition(part)}: return False")
        return _function(writer, ["        return True"], guarded=True)
    found = writer.condition(expression)
    return _function(writer, [f"        return {found}"], guarded=True)


def _function(writer: "Writer", last: list[str], *, guarded: bool) -> Evaluate:
    lines = ["def evaluate(source):"]
    indent = ""
    if guarded:
        lines.append("    try:")
        indent = "    "
    lines += [f"    {indent}{line}" for line in writer.head()]
    lines += [f"    {indent}{line}" for line in writer.lines]
    lines += last
    if guarded:
        lines += ["    except ANY_ERROR:", "        return None"]
    source = "\n".join([*lines, ""])
    if len(source) > SOURCE_CHARS_MAX:
        raise InvalidArgument("CEL: the expression is too large")
    exec(_code_of(source), writer.names)  # noqa: S102 - our own source; user text is bound, never written
    found: Evaluate = writer.names["evaluate"]
    return found


@lru_cache(maxsize=CODES_MAX)
def _code_of(source: str) -> CodeType:
    return compile(source, "<expression>", "exec")
