"""What a stream holds, whoever reads it."""

from tests.sim.translator import colour_of, is_tombstone

from dragoman.kernel import records as r
from dragoman.kernel.commands import Publish


class Entry:
    """One message of a stream, or a marker. `key` is None where its publisher gave none."""

    __slots__ = (
        "aborted",
        "body",
        "control",
        "expires_ms",
        "hops",
        "key",
        "offset",
        "pending",
        "priority",
        "producer",
        "size",
        "stored_ms",
        "taker",
        "tombstone_ms",
    )

    def __init__(self, offset: int, body: bytes, stored_ms: int, size: int) -> None:
        self.offset = offset
        self.body = body
        self.stored_ms = stored_ms
        self.size = size  # of a batch's message: its share
        self.expires_ms = 0
        self.key: bytes | None = None
        self.priority = 0
        self.hops = 0
        self.producer = -1
        self.control = False
        self.taker = 0  # the reader that a copy was made for
        self.pending = False
        self.aborted = False
        self.tombstone_ms = 0  # when it may go, of a tombstone that a compaction has met

    def is_message(self) -> bool:
        """Whether readers get to see it."""
        return not (self.control or self.pending or self.aborted)

    def order_key(self) -> bytes:
        """What orders it: its publisher's word, or else its own."""
        return colour_of(self.body).encode() if self.key is None else self.key


class Stream:
    def __init__(self, record: r.StreamCreated) -> None:
        self.id = record.id
        self.namespace = record.namespace
        self.name = record.name
        self.settings = record.settings
        self.ends = [0] * record.settings.partitions
        self.starts = [0] * record.settings.partitions  # as trimmed
        self.entries: list[list[Entry]] = [[] for _ in self.ends]
        self.ids: dict[str, list[tuple[int, int]]] = {}  # dedup id -> (stored ms, offset) of each

    def keeps(self) -> bool:
        return self.settings.retention_ms != 0

    def append(self, record: r.Published, target: r.Target) -> list[Entry]:
        entries = entries_of(record, target.offset)
        for entry in entries if record.control and target.matches else ():
            entry.taker = next(iter(target.matches or ()))
        self.ends[target.partition] = target.offset + len(entries)
        self.entries[target.partition] += entries
        for entry, identity in zip(entries, record.dedup or (), strict=False):
            self.ids.setdefault(identity, []).append((entry.stored_ms, entry.offset))
        return entries

    def trim(self, partition: int, offset: int) -> None:
        self.starts[partition] = max(self.starts[partition], offset)
        self.ends[partition] = max(self.ends[partition], offset)
        entries = self.entries[partition]
        entries[:] = [entry for entry in entries if entry.offset >= offset]

    def compact(self, record: r.Compacted) -> None:
        """What is left is as large as the kernel says its share of a batch is; together they are the batch."""
        kept = {at: (remnant, at) for remnant in record.remnants for at in offsets_of(remnant)}
        entries = self.entries[record.partition]
        entries[:] = [
            entry
            for entry in entries
            if not record.start <= entry.offset < record.end or entry.offset in kept
        ]
        for entry in entries:
            if entry.offset not in kept:
                continue
            remnant = kept[entry.offset][0]
            entry.size = _size_in(remnant, entry.offset)
            is_stamped = remnant.packed and remnant.bodies[0].startswith(
                b"#"
            )  # not a batch left whole
            if is_stamped and is_tombstone(entry.body):
                entry.tombstone_ms = int(remnant.bodies[0][1:].split(b"\n")[0])

    def grow(self, record: r.StreamAltered) -> int:
        """Returns how many partitions are new."""
        self.settings = record.settings
        new = record.settings.partitions - len(self.ends)
        for _ in range(new):
            self.ends.append(0)
            self.starts.append(0)
            self.entries.append([])
        return new


def offsets_of(remnant: r.Remnant) -> list[int]:
    """Where messages are left."""
    gaps = {at for start, end in remnant.missing for at in range(start, end)}
    return [at for at in range(remnant.offset, remnant.end) if at not in gaps]


def _size_in(remnant: r.Remnant, offset: int) -> int:
    if not remnant.packed:
        return len(remnant.bodies[offset - remnant.offset])
    size, count = len(remnant.bodies[0]), remnant.end - remnant.offset
    offsets = offsets_of(remnant)
    if offset == offsets[-1]:
        return size - sum(share(size, at - remnant.offset, count) for at in offsets[:-1])
    return share(size, offset - remnant.offset, count)


def bodies_of(record: r.Published) -> list[bytes]:
    """One per message."""
    if record.control:
        return record.bodies
    return record.bodies[0].split(b"\n") if record.packed else record.bodies


def bodies_of_command(command: Publish) -> list[bytes]:
    """One per message."""
    return command.bodies[0].split(b"\n") if command.packed else command.bodies


def entries_of(record: r.Published, offset: int) -> list[Entry]:
    entries: list[Entry] = []
    for index, body in enumerate(bodies_of(record)):
        size = share(len(record.bodies[0]), index, record.packed) if record.packed else len(body)
        entry = Entry(offset + index, body, record.stored_ms, size)
        entry.expires_ms = record.expires_ms[index] if record.expires_ms else 0
        entry.key = record.keys[index] if record.keys else None
        entry.priority = record.priorities[index] if record.priorities else 0
        entry.hops = record.hops
        entry.producer = record.producer[0] if record.producer else -1
        entry.control = record.control
        entries.append(entry)
    return entries


def share(size: int, index: int, count: int) -> int:
    """Bytes of a batch that count as those of message `index`: together they are the batch's."""
    return size * (index + 1) // count - size * index // count
