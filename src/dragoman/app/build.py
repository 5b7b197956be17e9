"""Which build runs: hot modules compiled, or everything pure Python."""

from typing import Final, Literal

import dragoman.kernel.publish as hot_module

_EXTENSION_SUFFIXES: Final = (".so", ".pyd")


def build() -> Literal["compiled", "pure"]:
    """Told by the module that was really loaded."""
    return "compiled" if str(hot_module.__file__).endswith(_EXTENSION_SUFFIXES) else "pure"
