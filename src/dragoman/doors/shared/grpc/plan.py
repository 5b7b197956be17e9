"""What a request's head asks for, found out once per head: those of one client's calls are mostly the same. Hot.

POST, application/grpc..., a known path     entry, timeout, encodings
what of it cannot be served                 refusal: the status that says so, before anything of the request is read
"""

from typing import Final

from dragoman.doors.shared.grpc.status import Status
from dragoman.doors.shared.grpc.table import Entry, Table
from dragoman.wire.grpc.codes import INTERNAL, UNIMPLEMENTED
from dragoman.wire.grpc.messages import ACCEPTED, GZIP, IDENTITY, is_known
from dragoman.wire.grpc.metadata import decode_timeout_ms
from dragoman.wire.http2.heads import Head

_ACCEPT: Final = b"grpc-accept-encoding"


class Plan:
    """See the module.

    timeout_ms  None: as long as it takes
    unpacks     how requests are packed
    packs       how responses may be packed: as the requests are, if the client takes it; empty not at all
    """

    __slots__ = ("entry", "packs", "refusal", "timeout_ms", "unpacks")

    def __init__(self, head: Head, table: Table) -> None:
        self.refusal: Status | None = None
        self.entry: Entry | None = table.find(head.path)
        self.timeout_ms: int | None = None
        self.unpacks = head.header(b"grpc-encoding") or IDENTITY
        self.packs = b""
        if self.entry is None:
            path = head.path.decode("latin-1")
            self.refusal = Status(UNIMPLEMENTED, f"Method not found: {path}")
        elif not is_known(self.unpacks):
            name = self.unpacks.decode("latin-1")
            trailers = [(_ACCEPT, ACCEPTED)]
            self.refusal = Status(UNIMPLEMENTED, f"Unknown grpc-encoding: {name}", (), trailers)
        elif self.unpacks == GZIP and _takes(head.header(_ACCEPT) or b"", GZIP):
            self.packs = GZIP
        self._read_timeout(head)

    def _read_timeout(self, head: Head) -> None:
        value = head.header(b"grpc-timeout")
        if value is not None:
            self.timeout_ms = decode_timeout_ms(value)
            if self.timeout_ms is None and self.refusal is None:
                self.refusal = Status(INTERNAL, "malformed grpc-timeout")


def _takes(accepted: bytes, encoding: bytes) -> bool:
    return encoding in [one.strip() for one in accepted.split(b",")]
