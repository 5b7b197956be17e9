"""What streams are called in each protocol, and which stream a protocol's name means. Cold.

    a name that is there                      means itself, in every protocol: nothing is looked up here
    `StreamSettings.aliases` {sqs: "orders"}  as the operator or a door wished
    `model.names.alias(name, protocol)`       else; it ends in a digest of the name, so that one number finds them all

No two streams of a namespace answer to one name in one protocol: what would make them do so is refused when it is made.
Streams whose name is valid everywhere as it is (`is_plain`) are not noted at all; any other costs one number.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.kernel.records import Record, StreamAltered
from dragoman.model.errors import AlreadyExists, InvalidArgument, StreamNotFound
from dragoman.model.names import RULES, alias, digest_in, digest_of, is_plain

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions
    from dragoman.kernel.entities import Stream
    from dragoman.kernel.state import State


class Resolve(msgspec.Struct, frozen=True, kw_only=True):
    """Find what a protocol's name means. Reply: `str`, the stream's name in the catalogue. Raises StreamNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    protocol: str
    name: str


class ListAliases(msgspec.Struct, frozen=True, kw_only=True):
    """Say what streams are called in a protocol. Reply: `list[str]`, one for each of `names`. Raises StreamNotFound."""

    namespace: str = DEFAULT_NAMESPACE
    protocol: str
    names: tuple[str, ...]


class SetAlias(msgspec.Struct, frozen=True, kw_only=True):
    """Call a stream `alias` in a protocol; empty takes the wish back. Reply: None.

    Raises StreamNotFound, InvalidArgument (no name of that protocol), AlreadyExists (another is called so).
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    protocol: str
    alias: str


class Aliases:
    """The names that streams have beside their own."""

    __slots__ = ("by_digest", "given")

    def __init__(self) -> None:
        self.given: dict[tuple[str, str, str], Stream] = {}  # (namespace, protocol, alias)
        self.by_digest: dict[int, tuple[Stream, ...]] = {}

    def adopt(self, stream: "Stream") -> None:
        """The stream is there."""
        for protocol, name in stream.settings.aliases.items():
            self.given[stream.namespace, protocol, name] = stream
        if not is_plain(stream.name):
            digest = digest_of(stream.name)
            self.by_digest[digest] = (*self.by_digest.get(digest, ()), stream)

    def forget(self, stream: "Stream") -> None:
        """The stream is gone, or is to be adopted anew."""
        for protocol, name in stream.settings.aliases.items():
            del self.given[stream.namespace, protocol, name]
        if not is_plain(stream.name):
            digest = digest_of(stream.name)
            left = tuple(known for known in self.by_digest[digest] if known is not stream)
            self.by_digest[digest] = left
            if not left:
                del self.by_digest[digest]

    def find(self, namespace: str, protocol: str, name: str) -> "Stream | None":
        """The stream that is called so in the protocol, not being its own name."""
        found = self.given.get((namespace, protocol, name)) if self.given else None
        if found is not None:
            return found
        digest = digest_in(name)
        for stream in () if digest is None else self.by_digest.get(digest, ()):
            if stream.namespace == namespace and name_in(stream, protocol) == name:
                return stream
        return None


def name_in(stream: "Stream", protocol: str) -> str:
    """What the stream is called in the protocol."""
    return stream.settings.aliases.get(protocol) or alias(stream.name, protocol)


def resolve(kernel: "Decisions", command: Resolve, session: int) -> str:
    """Reply: the catalogue's name. Where names fold case, one that is there exactly as asked for wins."""
    state = kernel.state
    namespace, name = command.namespace, command.name
    if (namespace, name) in state.streams_named:
        return name
    rule = RULES.get(command.protocol)
    if rule is not None and rule.folds_case:
        name = name.lower()
        if (namespace, name) in state.streams_named:
            return name
    found = state.aliases.find(namespace, command.protocol, name) if rule is not None else None
    if found is None:
        raise StreamNotFound(command.name)
    return found.name


def list_aliases(kernel: "Decisions", command: ListAliases, session: int) -> list[str]:
    """Reply: a name each."""
    _check_protocol(command.protocol)
    streams = [kernel.state.stream(command.namespace, name) for name in command.names]
    return [name_in(stream, command.protocol) for stream in streams]


def set_alias(kernel: "Decisions", command: SetAlias, session: int) -> None:
    """Reply: None."""
    kernel.commit(decide_set_alias(kernel.state, command))


def decide_set_alias(state: "State", command: SetAlias) -> list[Record]:
    """Raises StreamNotFound, InvalidArgument, AlreadyExists."""
    stream = state.stream(command.namespace, command.name)
    aliases = dict(stream.settings.aliases)
    aliases.pop(command.protocol, None)
    if command.alias:
        aliases[command.protocol] = command.alias
    if aliases == stream.settings.aliases:
        return []
    check_names(state, command.namespace, command.name, aliases)
    settings = msgspec.structs.replace(stream.settings, aliases=aliases)
    return [StreamAltered(stream.id, settings)]


def _check_protocol(protocol: str) -> None:
    if protocol not in RULES:
        raise InvalidArgument(f"names are known of {', '.join(RULES)}, not of {protocol}")


def check_names(state: "State", namespace: str, name: str, aliases: Mapping[str, str]) -> None:
    """Raises InvalidArgument, AlreadyExists unless a stream `name` may be called so beside all others."""
    for protocol, wanted in aliases.items():
        _check_protocol(protocol)
        if not RULES[protocol].allows(wanted):
            raise InvalidArgument(f"{wanted!r} is no name in {protocol}")
        _check_free(state, namespace, protocol, wanted, name)
    if (namespace, name) not in state.streams_named:
        _check_own(state, namespace, name)
    if not is_plain(name):
        for protocol in RULES.keys() - aliases.keys():
            derived = alias(name, protocol)
            if derived != name:
                _check_free(state, namespace, protocol, derived, name)


def _check_own(state: "State", namespace: str, name: str) -> None:
    """Nobody is called so yet, in any protocol."""
    if state.aliases.given or digest_in(name) is not None:
        for protocol in RULES:
            _check_free(state, namespace, protocol, name, name)


def _check_free(state: "State", namespace: str, protocol: str, wanted: str, name: str) -> None:
    found = state.streams_named.get((namespace, wanted))
    if found is None:
        found = state.aliases.find(namespace, protocol, wanted)
    if found is not None and found.name != name:
        raise AlreadyExists(f"{found.name} is called {wanted} in {protocol}")


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    Resolve: resolve,
    ListAliases: list_aliases,
    SetAlias: set_alias,
}
