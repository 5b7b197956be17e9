"""Where the kernel's further features are joined to it: their commands, in one table.

Each feature is a module of its own: commands, what it remembers, what it decides, what its records do. The kernel calls
them through the tables here and knows none by name.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel import atomic

if TYPE_CHECKING:
    from dragoman.kernel.kernel import Kernel

Handler = Callable[["Kernel", Any, int], Any]

HANDLERS: Final[Mapping[type, Handler]] = {**atomic.HANDLERS}
