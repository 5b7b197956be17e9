"""Who reads a partition for a group, and who has to give way: owners and their levels, as Event Hubs knows them.

    comes with      finds an owner of a higher level    else
    a level         ReaderFenced                        owns the partition: every other reader of the group ends
    no level        ReaderFenced, whatever the level    reads beside at most READERS_MAX - 1 others

Who has to end is told by its ticket. Nothing of it is journalled: readers live with their connection, and what they
have read is their own affair.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dragoman.kernel.commands import DEFAULT_NAMESPACE
from dragoman.model.errors import PartitionNotFound, QuotaExceeded, ReaderFenced

if TYPE_CHECKING:
    from dragoman.kernel.decisions import Decisions

READERS_MAX: Final = 5  # of a partition and a group, none of them its owner; Event Hubs' own limit
NO_LEVEL: Final = -1

Place = tuple[int, int, str]
"""Stream, partition, group."""


class OpenReader(msgspec.Struct, frozen=True, kw_only=True):
    """Read a partition for a group. Reply: a ticket; once the reader has to end, it is answered with ReaderFenced.

    `level` NO_LEVEL claims nothing. Raises StreamNotFound, PartitionNotFound, ReaderFenced, QuotaExceeded.
    """

    namespace: str = DEFAULT_NAMESPACE
    name: str
    partition: int
    group: str
    level: int = NO_LEVEL


class CloseReader(msgspec.Struct, frozen=True, kw_only=True):
    """Read no longer; told twice is fine. Reply: None."""

    ticket: int


class Reader:
    """One of those that read `place`. Of a place either one has a level, or none has."""

    __slots__ = ("level", "place", "session", "ticket")

    def __init__(self, ticket: int, session: int, place: Place, level: int) -> None:
        self.ticket = ticket
        self.session = session
        self.place = place
        self.level = level


class Readers:
    """All of them."""

    __slots__ = ("at", "of_session")

    def __init__(self) -> None:
        self.at: dict[Place, dict[int, Reader]] = {}  # by ticket
        self.of_session: dict[int, dict[int, Reader]] = {}

    def add(self, reader: Reader) -> None:
        """It reads from now on."""
        self.at.setdefault(reader.place, {})[reader.ticket] = reader
        self.of_session.setdefault(reader.session, {})[reader.ticket] = reader

    def drop(self, reader: Reader) -> None:
        """It reads no longer."""
        there = self.at[reader.place]
        del there[reader.ticket]
        if not there:
            del self.at[reader.place]
        mine = self.of_session[reader.session]
        del mine[reader.ticket]
        if not mine:
            del self.of_session[reader.session]


def open_reader(kernel: "Decisions", command: OpenReader, session: int) -> int:
    """See `OpenReader`."""
    state = kernel.state
    stream = state.stream(command.namespace, command.name)
    if not 0 <= command.partition < len(stream.partitions):
        raise PartitionNotFound(f"{command.name} has no partition {command.partition}")
    place = (stream.id, command.partition, command.group)
    there = list(state.readers.at.get(place, {}).values())
    highest = max((reader.level for reader in there), default=NO_LEVEL)
    if highest > command.level:
        raise ReaderFenced(f"{_named(command)} has an owner of level {highest}")
    if command.level == NO_LEVEL and len(there) >= READERS_MAX:
        raise QuotaExceeded(f"{_named(command)} has {READERS_MAX} readers")
    if command.level != NO_LEVEL:
        fenced = ReaderFenced(f"{_named(command)} has a new owner, of level {command.level}")
        for reader in there:
            state.readers.drop(reader)
            state.groups.answers.append((reader.session, reader.ticket, fenced))
    ticket = state.groups.ticket_next
    state.groups.ticket_next += 1
    state.readers.add(Reader(ticket, session, place, command.level))
    return ticket


def _named(command: OpenReader) -> str:
    return f"partition {command.partition} of {command.name}, group {command.group},"


def close_reader(kernel: "Decisions", command: CloseReader, session: int) -> None:
    """See `CloseReader`."""
    readers = kernel.state.readers
    reader = readers.of_session.get(session, {}).get(command.ticket)
    if reader is not None:
        readers.drop(reader)


def close_readers(kernel: "Decisions", session: int) -> None:
    """The session is gone, and its readers with it."""
    readers = kernel.state.readers
    for reader in list(readers.of_session.get(session, {}).values()):
        readers.drop(reader)


HANDLERS: Final[Mapping[type, Callable[["Decisions", Any, int], Any]]] = {
    OpenReader: open_reader,
    CloseReader: close_reader,
}
