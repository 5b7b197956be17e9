"""Transforms in Python that rules may name: entry points of the group `dragoman.transforms`.

    def redact(message: Message) -> Message | None: ...          None: the message stays as it is

A plugin is trusted: it runs in the broker's process and holds everybody up while it runs. What it raises makes a bad
message, and so does a call that took longer than it may; one that does so again and again is not called any more, until
the broker starts anew.
"""

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from dragoman.formats import canonical, decode
from dragoman.formats.errors import FormatError
from dragoman.kernel.rules.fault import BadMessage
from dragoman.model.message import Message
from dragoman.ports.clock import Clock

GROUP: Final = "dragoman.transforms"
CALL_MS_MAX: Final = 20
OVERRUNS_MAX: Final = 3  # in a row
TEXT_CHARS_MAX: Final = 200

Function = Callable[[Message], Message | None]


class Transform:
    """One plugin, as rules call it."""

    def __init__(self, name: str, function: Function, clock: Clock) -> None:
        self._name = name
        self._function = function
        self._clock = clock
        self.calls = 0
        self.overruns = 0  # in a row

    def __call__(self, format_: int, body: bytes) -> bytes | None:
        """The message's envelope as the plugin has it; None leaves it. Raises BadMessage, FormatError."""
        where = f"plugin {self._name}"
        if self.overruns >= OVERRUNS_MAX:
            raise BadMessage(
                where, f"took too long {OVERRUNS_MAX} times and is not called any more"
            )
        message = decode(format_, body, 0).copy()
        self.calls += 1
        begun_ms = self._clock.elapsed_ms()
        try:
            found = self._function(message)
            raw = None if found is None else canonical.encode(found)
        except FormatError:
            raise
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
            raise BadMessage(where, why[:TEXT_CHARS_MAX]) from error
        took_ms = self._clock.elapsed_ms() - begun_ms
        if took_ms > CALL_MS_MAX:
            self.overruns += 1
            raise BadMessage(where, f"took {took_ms} ms, {CALL_MS_MAX} are allowed")
        self.overruns = 0
        return raw


def load(clock: Clock) -> Mapping[str, Transform]:
    """What is installed."""
    found = entry_points(group=GROUP)
    return {entry.name: Transform(entry.name, _function(entry), clock) for entry in found}


def _function(entry: EntryPoint) -> Function:
    """The plugin's; one that cannot be loaded makes all messages bad, and says why."""
    try:
        function: Function = entry.load()
    except Exception as error:  # noqa: BLE001 - whatever its module does
        why = f"cannot be loaded: {type(error).__name__}: {error}"

        def function(message: Message) -> Message | None:
            raise RuntimeError(why)

    return function
