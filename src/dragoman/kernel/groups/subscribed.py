"""Which streams members of a group mean: by name, or by a pattern that names are matched against as a whole (RE2).

RE2 takes time linear in what it reads, whatever the pattern: clients send patterns.
"""

from typing import TYPE_CHECKING, Any, Final

from dragoman.kernel.groups.assignors import Place
from dragoman.kernel.groups.beats import NamedPlaces
from dragoman.kernel.groups.commands import NamedParts
from dragoman.model.errors import InvalidPattern

if TYPE_CHECKING:
    from dragoman.kernel.state import State

PATTERN_BYTES_MAX: Final = 4_096
COMPILED_MAX: Final = 256
_MEMORY_BYTES_MAX: Final = 1 << 20  # of one compiled pattern

_compiled: dict[str, Any] = {}


def compile_pattern(pattern: str) -> Any:
    """Raises InvalidPattern."""
    known = _compiled.get(pattern)
    if known is not None:
        return known
    if len(pattern.encode()) > PATTERN_BYTES_MAX:
        raise InvalidPattern(f"more than {PATTERN_BYTES_MAX} bytes")
    import re2  # noqa: PLC0415 - most brokers never see one

    options = re2.Options()
    options.max_mem = _MEMORY_BYTES_MAX
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise InvalidPattern(f"{pattern[:100]}: {_text(error)}") from error
    if len(_compiled) >= COMPILED_MAX:
        _compiled.clear()
    _compiled[pattern] = compiled
    return compiled


def _text(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


class Lookup:
    """The streams of a namespace, as one step of a group sees them."""

    def __init__(self, state: "State", namespace: str) -> None:
        self._state = state
        self._namespace = namespace

    def signature(self) -> tuple[int, int]:
        """Another one whenever a stream has come or gone."""
        return self._state.id_next, len(self._state.streams)

    def check(self, pattern: str) -> None:
        """Raises InvalidPattern."""
        if pattern:
            compile_pattern(pattern)

    def wanted(self, topics: tuple[str, ...]) -> frozenset[int]:
        """Ids of the streams of these names; those that are not there are not meant yet."""
        named = self._state.streams_named
        found = {
            stream.id
            for name in topics
            if (stream := named.get((self._namespace, name))) is not None
        }
        return frozenset(found)

    def places(self, named: NamedParts) -> set[Place]:
        """Partitions that are there, of those named."""
        found: set[Place] = set()
        for name, indexes in named:
            stream = self._state.streams_named.get((self._namespace, name))
            if stream is not None:
                count = len(stream.partitions)
                found |= {(stream.id, index) for index in indexes if 0 <= index < count}
        return found

    def matching(self, pattern: str, legal: str) -> frozenset[int]:
        """Ids of the streams whose names match both."""
        compiled = compile_pattern(pattern)
        allowed = compile_pattern(legal or "(?s).*")
        return frozenset(
            stream.id
            for (namespace, name), stream in self._state.streams_named.items()
            if namespace == self._namespace and compiled.fullmatch(name) and allowed.fullmatch(name)
        )

    def partitions(self, stream: int) -> int:
        """How many it has."""
        return len(self._state.streams[stream].partitions)

    def by_uuid(self, uuid: bytes) -> int:
        """Its id, 0 when it is not there."""
        stream = self._state.streams_by_uuid.get(uuid)
        return 0 if stream is None else stream.id

    def named(self, places: set[Place]) -> NamedPlaces:
        """Partitions by stream, without those of streams that are gone."""
        by_stream: dict[int, list[int]] = {}
        for stream, index in sorted(places):
            by_stream.setdefault(stream, []).append(index)
        found = [(self._state.streams.get(stream), at) for stream, at in by_stream.items()]
        return tuple((known.uuid, known.name, tuple(at)) for known, at in found if known)
