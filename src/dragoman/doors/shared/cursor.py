"""Where one reader is in the partitions of a stream: nothing is leased, nothing is settled. Hot.

    read(partition, send)      what comes next there goes to `send`, block by block, until it takes no more
    send(block, partition, start, end) -> reached      its door's: how far it came; less than `end` is no more room

Control and aborted blocks are stepped over. A reader that retention has overtaken goes on where the stream begins; one
whose place is yet to come waits for it. A stream of the same name that was made since is another one.
"""

from collections.abc import Callable
from typing import Final

from dragoman.kernel.api import Block, FindStream, Read, Session
from dragoman.model.errors import OffsetOutOfRange, StreamNotFound

READ_BYTES_MAX: Final = 256 << 10  # of one partition, in one go
READS_MAX: Final = 64  # of each partition, in one turn

Send = Callable[[Block, int, int, int], int]


class StreamCursor:
    """See the module. `places` are the next offsets, by partition."""

    __slots__ = ("_id", "_name", "_namespace", "_session", "places")

    def __init__(
        self,
        session: Session,
        namespace: str,
        stream: tuple[int, str],
        places: dict[int, int],
    ) -> None:
        """`stream` is its id and its name."""
        self._session = session
        self._namespace = namespace
        self._id, self._name = stream
        self.places = places

    def check(self) -> None:
        """Whether the stream is the one it was. Raises StreamNotFound."""
        find = FindStream(namespace=self._namespace, name=self._name)
        if self._session.submit(find).id != self._id:
            raise StreamNotFound(f"{self._name} was made anew")

    def watch(self) -> None:
        """Be told once there is more."""
        self._session.watch(self._namespace, self._name)

    def read(self, partition: int, send: Send) -> int:
        """How far it came. Raises StreamNotFound, AccessRefused."""
        offset = self.places[partition]
        command = Read(
            namespace=self._namespace,
            name=self._name,
            partition=partition,
            offset=offset,
            bytes_max=READ_BYTES_MAX,
            isolated=True,
        )
        try:
            extract = self._session.submit(command)
        except OffsetOutOfRange as error:
            self.places[partition] = max(offset, error.start)
            return self.places[partition] - offset
        reached = offset
        for block in extract.blocks:
            start, end = max(block.offset, reached), min(block.end, extract.end)
            is_void = block.control or block.aborted
            reached = end if is_void else send(block, partition, start, end)
            self.places[partition] = reached
            if reached < end:
                break
        return reached - offset
