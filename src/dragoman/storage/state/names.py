"""Names of tables: chosen by our own code, checked all the same, as they become SQL identifiers."""

import re

_TABLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RESERVED_PREFIX = "sqlite_"


def check_table(table: str) -> str:
    """`table`, if it can name one. Raises ValueError."""
    if not _TABLE.fullmatch(table) or table.startswith(_RESERVED_PREFIX):
        raise ValueError(f"{table!r} cannot name a table")
    return table
