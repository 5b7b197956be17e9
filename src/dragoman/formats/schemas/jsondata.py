"""Whether a body's JSON is as a JSON Schema says. Hot where streams have rules.

`jsonschema-rs` judges. How much it has to look at is known before: what a value costs at which depth is the schema's
(`jsonprice`).
"""

from collections.abc import Callable
from typing import Final

import jsonschema_rs

from dragoman.formats.schemas.jsondoc import JsonSchema
from dragoman.formats.schemas.limits import SchemaMismatch

NULL: Final = b"null"
TEXT_CHARS_MAX: Final = 300


def judge(schema: JsonSchema, body: bytes, ask: Callable[[], object]) -> None:
    """Raises SchemaMismatch, with the path of the first part that is wrong."""
    value = ask()
    if value is None and body.strip() != NULL:
        raise SchemaMismatch("no JSON")
    try:
        schema.validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        raise SchemaMismatch(_short(error.message), path_of(error)) from None
    except ValueError as error:  # deeper than the library goes, a number that it cannot hold
        raise SchemaMismatch(str(error)[:TEXT_CHARS_MAX]) from None


def _short(text: str) -> str:
    """What is wrong stands at the end; what it is wrong with, before it."""
    if len(text) <= TEXT_CHARS_MAX:
        return text
    half = TEXT_CHARS_MAX // 2
    return f"{text[:half]}...{text[-half:]}"


def path_of(error: jsonschema_rs.ValidationError) -> str:
    """As a JSON Pointer, `body` before it."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in error.instance_path)
    return "/".join(("body", *parts))[:TEXT_CHARS_MAX]
